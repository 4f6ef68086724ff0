"""The schedule: when a scheduler steps, and by what."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau, StepLR

from stride.errors import ConfigError
from stride.training.schedule import Schedule


def _optimizer() -> torch.optim.SGD:
    return torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)


def _halving() -> tuple[torch.optim.SGD, LRScheduler]:
    optimizer = _optimizer()
    scheduler = StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.step()  # torch warns where the schedule steps first
    return optimizer, scheduler


def test_without_a_scheduler_nothing_happens() -> None:
    schedule = Schedule(None)
    schedule.after_step()
    schedule.after_epoch({})
    assert not schedule.each_step


@pytest.mark.parametrize(("interval", "steps"), [("epoch", 0), ("step", 1)])
def test_a_scheduler_steps_at_its_interval_only(interval: str, steps: int) -> None:
    optimizer, scheduler = _halving()
    schedule = Schedule(scheduler, interval="step" if interval == "step" else "epoch")
    schedule.after_step()
    assert optimizer.param_groups[0]["lr"] == 0.5**steps
    schedule.after_epoch({})
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_a_plateau_is_looked_for_in_the_column_that_was_named() -> None:
    optimizer = _optimizer()
    schedule = Schedule(
        ReduceLROnPlateau(optimizer, patience=0, mode="max"), monitor="val_accuracy"
    )
    for accuracy in (0.5, 0.4):
        schedule.after_epoch({"val_accuracy": accuracy, "val_loss": 1.0})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    with pytest.raises(ConfigError, match=r"scheduler_kwargs.monitor: .* no metric 'val_accuracy'"):
        schedule.after_epoch({"train_loss": 1.0})


def test_a_plateau_is_one_of_the_validation_loss_unless_told_otherwise() -> None:
    optimizer = _optimizer()
    schedule = Schedule(ReduceLROnPlateau(optimizer, patience=0))
    for loss in (1.0, 2.0):
        schedule.after_epoch({"val_loss": loss})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(ConfigError, match="interval must be epoch for ReduceLROnPlateau"):
        Schedule(ReduceLROnPlateau(_optimizer()), interval="step")
    with pytest.raises(ConfigError, match="monitor is for ReduceLROnPlateau"):
        Schedule(_halving()[1], monitor="val_loss")
