"""The metric that decides: which one, what is better, and what a run says by it."""

from __future__ import annotations

import math

import pytest

from stride.errors import ConfigError
from stride.sweep.metric import Measures, choose_metric
from stride.sweep.outcome import reported, value_of_run
from stride.sweep.trials import Trials
from tests.sweep.conftest import Begin, definition_of, train

MEASURES = Measures(
    ("val_accuracy:max",), ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
)


@pytest.mark.parametrize(
    ("typed", "direction", "chosen"),
    [
        (None, None, ("val_accuracy", "max")),
        ("val_loss", None, ("val_loss", "min")),
        ("last.val_loss", None, ("last.val_loss", "min")),
        ("test.accuracy", None, ("test.accuracy", "max")),
        ("val_loss:max", None, ("val_loss", "max")),
        ("val_accuracy", "min", ("val_accuracy", "min")),
    ],
)
def test_the_metric_is_the_monitor_or_what_was_typed(
    typed: str | None, direction: str | None, chosen: tuple[str, str]
) -> None:
    assert choose_metric(typed, direction, MEASURES) == chosen


@pytest.mark.parametrize(
    ("typed", "direction", "said"),
    [
        ("val_los", None, "did you mean val_loss"),
        ("best.val_loss", None, "one of last, min, max, test"),
        ("test.balance", None, "is more balance better"),
        ("val_loss", "down", "min or max"),
    ],
)
def test_a_metric_that_does_not_do_is_a_sentence(
    typed: str, direction: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        choose_metric(typed, direction, MEASURES)


def test_a_run_has_its_value_at_the_best_epoch_at_last_least_most_and_in_the_test(
    begin: Begin,
) -> None:
    folder, definition = begin()
    taken = Trials(folder, definition).take(())
    assert taken is not None
    run = taken.run
    run.metrics.append({"epoch": 0, "step": 0, "val_loss": 3.0})
    train(run, loss=1.0)
    run.save_results({"test_loss": 2.0})
    record = run.read_record()
    found = [value_of_run(run, record, name) for name in
             ("val_loss", "last.val_loss", "min.val_loss", "max.val_loss", "test.loss",
              "test.test_loss", "val_accuracy", "min.nothing")]  # fmt: skip
    assert found == [1.0, 1.0, 1.0, 3.0, 2.0, 2.0, None, None]


def test_a_row_reports_nan_where_the_value_is_none() -> None:
    definition = definition_of(metric="last.val_loss")
    assert reported({"val_loss": 2.0}, definition) == 2.0
    assert reported({"epoch": 1}, definition) is None
    value = reported({"val_loss": math.nan}, definition)
    assert value is not None
    assert math.isnan(value)
