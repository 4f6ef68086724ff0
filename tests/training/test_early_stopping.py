"""Early stopping: what counts as better, how long is waited, and why it was over."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.fit_kwargs import EarlyStoppingKwargs
from stride.errors import ConfigError
from stride.training.early_stopping import EarlyStopping, build_early_stopping
from stride.training.monitors import Monitor, parse_monitor

LOSS = Monitor("val_loss", "min")


def _reasons(stopping: EarlyStopping, values: list[float], column: str = "val_loss") -> list[bool]:
    return [stopping.update({column: value}) is not None for value in values]


def test_without_patience_it_never_ends() -> None:
    stopping = EarlyStopping(EarlyStoppingKwargs(), LOSS)
    assert not any(_reasons(stopping, [1.0] * 100))
    assert stopping.update({}) is None


def test_it_ends_after_as_many_evaluations_without_improvement_as_it_has_patience() -> None:
    stopping = EarlyStopping(EarlyStoppingKwargs(patience=3), LOSS)
    values = [1.0, 0.9, 0.95, 0.9, 0.8, 0.8, 0.81, 0.9]
    assert _reasons(stopping, values) == [False] * 7 + [True]
    reason = EarlyStopping(EarlyStoppingKwargs(patience=1), LOSS)
    reason.update({"val_loss": 0.5})
    assert reason.update({"val_loss": 0.5}) == (
        "early stopping: val_loss was not smaller than 0.5 for 1 evaluation"
    )


def test_a_change_counts_if_it_is_more_than_min_delta() -> None:
    settings = EarlyStoppingKwargs(patience=2, min_delta=0.25)
    stopping = EarlyStopping(settings, Monitor("val_accuracy", "max"))
    assert stopping.update({"val_accuracy": 0.5}) is None
    assert stopping.update({"val_accuracy": 0.75}) is None  # no more than 0.25 better
    assert stopping.update({"val_accuracy": 0.875}) is None
    assert stopping.update({"val_accuracy": 1.0}) is None
    assert stopping.update({"val_accuracy": 1.125}) == (
        "early stopping: val_accuracy was not greater than 0.875 by more than 0.25 for"
        " 2 evaluations"
    )


def test_what_is_no_number_is_no_improvement() -> None:
    stopping = EarlyStopping(EarlyStoppingKwargs(patience=2), LOSS)
    assert stopping.update({"val_loss": math.nan}) is None
    reason = stopping.update({"val_loss": math.nan})
    assert reason == "early stopping: val_loss was no number for 2 evaluations"


def test_it_watches_the_first_monitor_unless_it_has_its_own() -> None:
    monitors = [Monitor("val_accuracy", "max"), LOSS]
    columns = ["train_loss", "val_loss", "val_accuracy"]
    first = build_early_stopping(EarlyStoppingKwargs(patience=1), monitors, columns)
    assert _reasons(first, [0.5, 0.5], "val_accuracy") == [False, True]
    settings = EarlyStoppingKwargs(patience=1, monitor="train_loss:min")
    own = build_early_stopping(settings, monitors, columns)
    assert _reasons(own, [0.5, 0.4, 0.4], "train_loss") == [False, False, True]
    with pytest.raises(ConfigError, match=r"early_stopping.monitor: .* did you mean val_loss"):
        build_early_stopping(EarlyStoppingKwargs(monitor="val_los:min"), monitors, columns)
    with pytest.raises(ConfigError, match=r"early_stopping.monitor: .* no metric 'train_loss'"):
        own.update({"val_loss": 1.0})


@given(
    values=st.lists(st.floats(-10, 10) | st.just(math.nan), min_size=1, max_size=30),
    split=st.integers(0, 30),
    patience=st.integers(1, 5),
    mode=st.sampled_from(["min", "max"]),
)
def test_it_goes_on_in_the_middle(
    values: list[float], split: int, patience: int, mode: str
) -> None:
    settings = EarlyStoppingKwargs(patience=patience, min_delta=0.5)
    monitor = parse_monitor(f"val_loss:{mode}")
    whole = EarlyStopping(settings, monitor)
    expected = [whole.update({"val_loss": value}) for value in values]
    begun, resumed = EarlyStopping(settings, monitor), EarlyStopping(settings, monitor)
    seen = [begun.update({"val_loss": value}) for value in values[:split]]
    resumed.load_state_dict(begun.state_dict())
    assert [*seen, *(resumed.update({"val_loss": value}) for value in values[split:])] == expected


def test_what_was_seen_of_another_monitor_does_not_count() -> None:
    settings = EarlyStoppingKwargs(patience=1)
    before = EarlyStopping(settings, LOSS)
    before.update({"val_loss": 0.0})
    after = EarlyStopping(settings, Monitor("val_accuracy", "max"))
    after.load_state_dict(before.state_dict())
    assert _reasons(after, [-1.0, -1.0], "val_accuracy") == [False, True]
