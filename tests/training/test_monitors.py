"""Monitors: which row is the best, and what decides where nobody says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import ConfigError
from stride.training.monitors import Bests, Monitor, choose_monitors, parse_monitor

ACCURACY, LOSS = Monitor("val_accuracy", "max"), Monitor("val_loss", "min")


def test_a_monitor_is_a_metric_and_its_direction() -> None:
    assert parse_monitor("val_accuracy:max") == ACCURACY
    for text in ("val_accuracy", "val_accuracy:most", ":max", ""):
        with pytest.raises(ConfigError, match="a monitor is a metric and its direction"):
            parse_monitor(text)


def test_a_tie_keeps_the_earlier_and_nan_is_never_best() -> None:
    bests = Bests([ACCURACY])
    rows = [math.nan, 0.5, 0.5, math.nan, 0.4, 0.6]
    assert [bool(bests.update({"val_accuracy": value})) for value in rows] == [
        False, True, False, False, False, True,
    ]  # fmt: skip


def test_a_tie_goes_to_the_smaller_loss_of_the_same_split() -> None:
    bests = Bests([ACCURACY])
    rows = [(0.9, 0.5), (0.9, 0.4), (0.9, 0.4), (0.9, 0.45), (0.8, 0.1), (0.9, math.nan)]
    improved = [
        bool(bests.update({"val_accuracy": accuracy, "val_loss": loss, "train_loss": -1.0}))
        for accuracy, loss in rows
    ]
    assert improved == [True, True, False, False, False, False]


def test_each_monitor_has_a_best_and_a_file_of_its_own() -> None:
    bests = Bests([ACCURACY, LOSS])
    assert bests.update({"val_accuracy": 0.5, "val_loss": 1.0}) == [(ACCURACY, 0.5), (LOSS, 1.0)]
    assert bests.update({"val_accuracy": 0.4, "val_loss": 0.9}) == [(LOSS, 0.9)]
    assert bests.weights_name(ACCURACY) == "best.safetensors"
    assert bests.weights_name(LOSS) == "best-val_loss.safetensors"


def test_a_monitor_of_no_column_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no metric 'val_accuracy'; there are train_loss"):
        Bests([ACCURACY]).update({"epoch": 1, "train_loss": 1.0})


def test_where_nothing_is_validated_the_training_decides_unless_a_person_chose() -> None:
    assert choose_monitors([], "val_accuracy:max", has_val=True) == [ACCURACY]
    assert choose_monitors([], "val_loss:min", has_val=False) == [Monitor("train_loss", "min")]
    with pytest.raises(ConfigError, match="val_loss needs a val split, and there is none"):
        choose_monitors(["val_loss:min"], "val_loss:min", has_val=False)


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.sampled_from(["min", "max"]))
def test_the_last_improvement_is_the_first_of_the_extreme_values(
    values: list[float], mode: str
) -> None:
    bests = Bests([parse_monitor(f"x:{mode}")])
    improved = [at for at, value in enumerate(values) if bests.update({"x": value})]
    assert improved[-1] == values.index((min if mode == "min" else max)(values))


def test_a_metric_decides_on_one_file_of_weights() -> None:
    with pytest.raises(ConfigError, match="monitors names val_loss twice"):
        choose_monitors(["val_loss:min", "val_loss:max"], "val_loss:min", has_val=True)
    bests = Bests([ACCURACY, Monitor("val_loss_a/b", "min")])
    assert bests.weights_name(bests.monitors[1]) == "best-val_loss_a_b.safetensors"
    with pytest.raises(ConfigError, match="monitors names val_loss_a"):
        choose_monitors(["val_loss_a/b:min", "val_loss_a_b:min"], "val_loss:min", has_val=True)


@given(
    rows=st.lists(st.tuples(st.floats(), st.floats()), max_size=20),
    split=st.integers(0, 20),
)
def test_what_was_best_goes_on_in_the_middle(rows: list[tuple[float, float]], split: int) -> None:
    columns = [dict(zip(("val_accuracy", "val_loss"), row, strict=True)) for row in rows]
    whole, begun, resumed = (Bests([ACCURACY, LOSS]) for _ in range(3))
    expected = [whole.update(row) for row in columns]
    seen = [begun.update(row) for row in columns[:split]]
    resumed.load_state_dict(begun.state_dict())
    assert [*seen, *(resumed.update(row) for row in columns[split:])] == expected
    assert resumed.any_for(LOSS) == whole.any_for(LOSS)


def test_of_a_monitor_that_is_new_nothing_is_known() -> None:
    before, after = Bests([ACCURACY]), Bests([LOSS, ACCURACY])
    before.update({"val_accuracy": 0.5})
    after.load_state_dict(before.state_dict())
    assert after.update({"val_accuracy": 0.4, "val_loss": 1.0}) == [(LOSS, 1.0)]
