"""What balancing does not go with is said before there is a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.supervised import Supervised
from stride.training.task import Task
from tests.training.balancing.balanced import Heads, Several, trainer

ADAPTIVE = ("uncertainty", "gradnorm", "dynamic_average", "pcgrad")


class Nameless(Several):
    def loss_names(self) -> Sequence[str]:
        return ()


class Alone(Several):
    def loss_names(self) -> Sequence[str]:
        return ("first",)


class Twice(Several):
    def loss_names(self) -> Sequence[str]:
        return ("first", "first")


class Unshared(Several):
    def shared_parameters(self, model: nn.Module) -> Sequence[nn.Parameter]:
        return ()


class Elsewhere(Several):
    def shared_parameters(self, model: nn.Module) -> Sequence[nn.Parameter]:
        return [nn.Parameter(torch.ones(2))]


class Updating(Several):
    def update(self, model: nn.Module, batch: Any, optimizers: Any) -> Any:
        raise AssertionError("no step is done")


def _refused(folder: Path, match: str, balancing: dict[str, Any], **more: Any) -> None:
    made = trainer(folder, balancing, **more)
    with pytest.raises(ConfigError, match=match):
        made.fit()
    assert not (folder / "exp").exists()


@pytest.mark.parametrize(
    ("task", "match"),
    [
        (Supervised(target_kind="numbers"), "Supervised names no losses"),
        (Nameless(), "Nameless names no losses: .* `loss_names`"),
        (Alone(), "Alone has only the loss first"),
        (Twice(), "gives a name twice"),
        (Updating(), "Updating runs the update itself"),
        (Unshared(), "Unshared must say which by its method `shared_parameters`"),
        (Elsewhere(), "must give parameters of the model"),
    ],
)
def test_a_task_that_cannot_be_balanced_is_refused(tmp_path: Path, task: Task, match: str) -> None:
    _refused(tmp_path, match, {"method": "gradnorm"}, task=task)


@pytest.mark.parametrize(
    ("weights", "method", "match"),
    [
        ({"frist": 2.0}, "fixed", "has no loss 'frist'; did you mean first"),
        ({"first": 2.0}, None, "weigh nothing without a method"),
        ({"first": 0.0}, "gradnorm", "first must be more than 0"),
        ({"first": 0.0}, "uncertainty", "first must be more than 0"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused(
    tmp_path: Path, weights: dict[str, float], method: str | None, match: str
) -> None:
    _refused(tmp_path, match, {"method": method, "weights": weights})


@pytest.mark.parametrize("method", ADAPTIVE)
def test_lbfgs_goes_with_fixed_weights_only(tmp_path: Path, method: str) -> None:
    lbfgs = {"optimizer_name": "LBFGS", "max_iter": 2, "lr": 0.1}
    _refused(tmp_path, "does not go with LBFGS", {"method": method}, optimizer_kwargs=lbfgs)
    trainer(tmp_path, {"method": "fixed"}, optimizer_kwargs=lbfgs).fit()


@pytest.mark.parametrize("method", ["gradnorm", "pcgrad"])
@pytest.mark.parametrize("setting", [{"precision": "fp16"}, {"compile": True}])
def test_methods_that_compare_gradients_refuse_what_changes_them(
    tmp_path: Path, method: str, setting: dict[str, Any]
) -> None:
    _refused(tmp_path, next(iter(setting)), {"method": method}, fit_kwargs=setting)


def test_an_optimizer_that_was_handed_over_is_given_no_parameters(tmp_path: Path) -> None:
    model = Heads(10, 5, 16, (1.0, 10.0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    _refused(
        tmp_path,
        "uncertainty gives the optimizer parameters of its own",
        {"method": "uncertainty"},
        model=model,
        optimizer=optimizer,
    )
    assert len(optimizer.param_groups) == 1


def test_a_step_that_gives_other_losses_than_the_task_said_ends_with_their_names(
    tmp_path: Path,
) -> None:
    class Other(Several):
        def loss_names(self) -> Sequence[str]:
            return ("first", "third")

    with pytest.raises(ConfigError, match="first, third, and this one gave those named first, sec"):
        trainer(tmp_path, {"method": "fixed"}, task=Other()).fit()
