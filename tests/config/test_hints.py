"""Unknown keys: the nearest one, with type and default."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stride.config.resolution import Resolved
from stride.errors import ConfigError

Settle = Callable[..., Resolved]


def test_the_nearest_key_is_named_with_type_and_default(settle: Settle) -> None:
    with pytest.raises(ConfigError) as caught:
        settle("model_kwargs.hiden_dims=64")
    assert str(caught.value) == (
        "unknown key model_kwargs.hiden_dims for MLP; did you mean model_kwargs.hidden_dims "
        "(list of integers, default [64])?"
    )


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("sed=1", "unknown key sed; did you mean seed (integer, default 0)?"),
        ("model_kwarg.hidden_dims=1", "did you mean model_kwargs.hidden_dims (list of integers,"),
        ("model_kwarg.hiden_dims=1", "did you mean model_kwargs.hidden_dims (list of integers,"),
        ("model-kwargs.dropout=1", "did you mean model_kwargs.dropout (number, default 0.0)?"),
        ("Model_kwargs.zzz=1", "did you mean model_kwargs (a group of keys)?"),
        ("lr=1", "did you mean optimizer_kwargs.lr (number, default 0.001)?"),
        ("max_epoch=1", "did you mean fit_kwargs.max_epochs (integer of at least 1, default 20)?"),
        ("optimizer_kwargs.LR=1", "for AdamW; did you mean optimizer_kwargs.lr (number, default"),
        ("optimizer_kwargs.momentum=1", "for AdamW; there are optimizer_name, lr, betas ("),
        ("model_kwargs.lr=1", "did you mean optimizer_kwargs.lr (number, default 0.001)?"),
        (
            "load_data_kwargs.train_loader_kwargs.batchsize=1",
            "train_loader_kwargs.batch_size (integer of at least 1, default 64)?",
        ),
        (
            "load_data_kwargs.train_loader.batch_size=1",
            "did you mean load_data_kwargs.train_loader_kwargs.batch_size (integer of at least 1",
        ),
        (
            "load_data_kwargs.val_loader_kwargs.shuffle=true",
            "did you mean load_data_kwargs.train_loader_kwargs.shuffle (true or false, default",
        ),
        ("workdir=exp", "did you mean work_dir?"),
        ("work_dir.x=exp", "work_dir is an address, not a setting: give it as --config work_dir="),
        ("task_kwargs.loss_kwargs.delta=1", "choose task_kwargs.loss_name as well"),
        ("scheduler_kwargs.gamma=1", "choose scheduler_kwargs.scheduler_name as well"),
        (
            "zzzzz.qqqqq=1",
            "; there are seed, device, task_kwargs, dataset_kwargs, load_data_kwargs",
        ),
    ],
)
def test_a_misspelt_key_at_any_depth_is_put_right(settle: Settle, typed: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settle(typed)
    assert str(caught.value).startswith(("unknown key ", "work_dir is"))
    assert hint in str(caught.value)


def test_a_key_without_default_says_so(settle: Settle) -> None:
    with pytest.raises(ConfigError, match=r"step_size \(integer, no default\)\?"):
        settle("scheduler_kwargs.scheduler_name=StepLR", "scheduler_kwargs.stepsize=3")


def test_a_reference_is_called_by_what_stands_after_its_colon(settle: Settle) -> None:
    with pytest.raises(ConfigError, match=r"widht for Net; did you mean model_kwargs\.width"):
        settle("model_kwargs.model_name=/x/net.py:Net", "model_kwargs.widht=3")
