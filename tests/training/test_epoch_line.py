"""The line of an epoch, as it stands in the documents."""

from __future__ import annotations

import math

import pytest

from stride.training.epoch_line import epoch_line


def test_the_line_shows_losses_and_metrics_of_both_splits() -> None:
    row = {
        "epoch": 3,
        "step": 60,
        "lr": 0.0004,
        "train_loss": 0.23141,
        "train_accuracy": 0.93116,
        "val_loss": 0.25104,
        "val_accuracy": 0.92771,
    }
    assert epoch_line(row, 20) == (
        "[Epoch 3/20] lr=0.00040 | train_loss=0.2314 accuracy=0.9312"
        " | val_loss=0.2510 accuracy=0.9277"
    )


def test_without_a_validation_the_line_ends_with_the_training() -> None:
    row = {"epoch": 1, "step": 2, "lr": 1.0, "train_loss": 1.0}
    assert epoch_line(row, 1) == "[Epoch 1/1] lr=1.00000 | train_loss=1.0000"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.0000"),
        (2e-7, "2.000e-07"),
        (3.2e6, "3.200e+06"),
        (math.nan, "nan"),
        (-1.5, "-1.5000"),
    ],
)
def test_numbers_that_four_digits_would_lose_are_shown_with_an_exponent(
    value: float, shown: str
) -> None:
    row = {"epoch": 1, "step": 1, "lr": 3e-6, "train_loss": value}
    assert epoch_line(row, 1) == f"[Epoch 1/1] lr=3.00e-06 | train_loss={shown}"
