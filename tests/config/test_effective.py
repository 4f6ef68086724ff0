"""The effective config: what attempts changed, in the order in which they did."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT
from stride.config.effective import Change, effective_config

STORED: dict[str, Any] = {
    "format": 1,
    "seed": 0,
    "model_kwargs": {"model_name": "MLP", "hidden_dims": [64, 32], "batch_norms": True},
    "optimizer_kwargs": {"lr": 0.001, "betas": [0.9, 0.999]},
    "scheduler_kwargs": {"scheduler_name": None},
    "dataset_kwargs": {"path": "7", "extra": {"a": 1}},
}


def value_of(*texts: str) -> Any:
    """The only value that one attempt with these overrides changed."""
    found = effective_config(STORED, [(2, texts)])
    (key,) = found.changed
    inner: Any = found.config
    for part in key.split("."):
        inner = inner.get(part, ABSENT)
    return inner


def test_without_overrides_the_stored_config_is_the_effective_one() -> None:
    found = effective_config(STORED, [(1, ()), (2, ())])
    assert (found.config, found.changed) == (STORED, {})


def test_a_change_tells_its_attempt_and_what_is_stored() -> None:
    attempts = [(1, ()), (2, ["optimizer_kwargs.lr=0.01"]), (3, ["seed=5"])]
    found = effective_config(STORED, attempts)
    assert found.config["optimizer_kwargs"]["lr"] == 0.01
    assert found.changed == {"optimizer_kwargs.lr": Change(2, 0.001), "seed": Change(3, 0)}


def test_the_last_attempt_counts_and_what_was_put_back_is_no_change() -> None:
    attempts = [
        (2, ["seed=5", "optimizer_kwargs.lr=1"]),
        (3, ["seed=6", "optimizer_kwargs.lr=1e-3"]),
    ]
    found = effective_config(STORED, attempts)
    assert found.changed == {"seed": Change(3, 0)}
    assert found.config["seed"] == 6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("optimizer_kwargs.lr=.5", 0.5),
        ("model_kwargs.hidden_dims=8,4", [8, 4]),
        ("model_kwargs.hidden_dims=8", [8]),
        ("model_kwargs.hidden_dims=[8,4]", [8, 4]),
        ("model_kwargs.hidden_dims.1=8", [64, 8]),
        ("model_kwargs.hidden_dims.2=8", [64, 32, 8]),
        ("model_kwargs.hidden_dims=null", None),
        ("model_kwargs.batch_norms=false", False),
        ("dataset_kwargs.path=8", "8"),
        ("dataset_kwargs.path=a=b", "a=b"),
        ("scheduler_kwargs.scheduler_name=StepLR", "StepLR"),
        ('dataset_kwargs.extra={"b": 2}', 2),
        ("fit_kwargs.max_epochs=3", 3),
        ("--remove optimizer_kwargs.lr", ABSENT),
    ],
)
def test_a_text_is_taken_as_the_stored_value_suggests(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "--config-file base.yaml",
        "no override",
        "=3",
        "a..b=1",
        "seed.x=1",
        "model_kwargs.hidden_dims.9=1",
        "model_kwargs.hidden_dims.x=1",
        "--remove a.b",
        "--remove ",
    ],
)
def test_what_cannot_be_applied_changes_nothing(text: str) -> None:
    assert effective_config(STORED, [(2, [text])]).config == STORED


@given(st.lists(st.text(st.sampled_from("ab.=1\\[,-"), max_size=12), max_size=4))
def test_no_text_breaks_a_reader_or_touches_what_is_stored(texts: list[str]) -> None:
    stored = {"a": {"b": [1, 2], "1": None}, "b": "x"}
    before = copy.deepcopy(stored)
    effective_config(stored, [(2, texts)])
    assert stored == before


def test_settings_of_an_attempt_are_taken_as_they_are() -> None:
    attempts = [
        (2, {"optimizer_kwargs.lr": "0.1", "model_kwargs.hidden_dims": [8], "new.key": None}),
        (3, {"scheduler_kwargs.scheduler_name": "StepLR"}),
    ]
    found = effective_config(STORED, attempts)
    assert found.config["optimizer_kwargs"]["lr"] == "0.1"
    assert found.config["new"] == {"key": None}
    assert found.changed == {
        "optimizer_kwargs.lr": Change(2, 0.001),
        "model_kwargs.hidden_dims": Change(2, [64, 32]),
        "new.key": Change(2, ABSENT),
        "scheduler_kwargs.scheduler_name": Change(3, None),
    }
    assert STORED["optimizer_kwargs"]["lr"] == 0.001


def test_settings_that_do_not_fit_the_stored_tree_do_no_harm() -> None:
    found = effective_config(STORED, [(2, {"seed.deeper": 1, "format.a.b": 2})])
    assert found.config["seed"] == {"deeper": 1}
