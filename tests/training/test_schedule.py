"""The schedule: when schedulers step, the warm-up before them, and a state to go on from."""

from __future__ import annotations

import copy
import warnings
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from stride.errors import ConfigError
from stride.training.schedule import Interval, Schedule


def _optimizer(lr: Any = 1.0) -> torch.optim.SGD:
    return torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=lr)


def _halving(optimizer: Optimizer) -> LRScheduler:
    return StepLR(optimizer, step_size=1, gamma=0.5)


def _rates(schedule: Schedule, optimizer: Optimizer, steps: int) -> list[float]:
    """The learning rate of each of the next steps."""
    rates = []
    for _ in range(steps):
        rates.append(schedule.lr)
        optimizer.step()
        schedule.after_step()
    return rates


def test_without_a_scheduler_nothing_happens() -> None:
    optimizer = _optimizer()
    schedule = Schedule(optimizers=[optimizer])
    schedule.after_step()
    schedule.after_epoch({})
    schedule.after_evaluation({})
    assert not schedule.each_step
    assert schedule.lr == 1.0


@pytest.mark.parametrize("interval", ["epoch", "step", "evaluation"])
def test_a_scheduler_steps_at_its_interval_only(interval: Interval) -> None:
    optimizer = _optimizer()
    schedule = Schedule([_halving(optimizer)], optimizers=[optimizer], interval=interval)
    optimizer.step()
    seen = []
    for moment in ("step", "evaluation", "epoch"):
        if moment == "step":
            schedule.after_step()
        elif moment == "evaluation":
            schedule.after_evaluation({})
        else:
            schedule.after_epoch({})
        seen.append((moment, schedule.lr))
    assert next(moment for moment, rate in seen if rate == 0.5) == interval
    assert seen[-1][1] == 0.5
    assert schedule.each_step == (interval == "step")


def test_each_optimiser_has_its_scheduler() -> None:
    first, second = _optimizer(1.0), _optimizer(4.0)
    schedule = Schedule(
        [_halving(first), _halving(second)], optimizers=[first, second], interval="step"
    )
    first.step()
    second.step()
    schedule.after_step()
    assert (first.param_groups[0]["lr"], second.param_groups[0]["lr"]) == (0.5, 2.0)
    assert schedule.lr == 0.5


def test_a_plateau_is_looked_for_in_the_column_that_was_named() -> None:
    optimizer = _optimizer()
    schedule = Schedule(
        [ReduceLROnPlateau(optimizer, patience=0, mode="max")],
        optimizers=[optimizer],
        monitor="val_accuracy",
    )
    for accuracy in (0.5, 0.4):
        schedule.after_epoch({"val_accuracy": accuracy, "val_loss": 1.0})
    assert schedule.lr == pytest.approx(0.1)
    with pytest.raises(ConfigError, match=r"scheduler_kwargs.monitor: .* no metric 'val_accuracy'"):
        schedule.after_epoch({"train_loss": 1.0})


def test_a_plateau_is_one_of_the_validation_loss_unless_told_otherwise() -> None:
    optimizer = _optimizer()
    plateau = ReduceLROnPlateau(optimizer, patience=0)
    schedule = Schedule([plateau], optimizers=[optimizer], interval="evaluation")
    for loss in (1.0, 2.0):
        schedule.after_epoch({"val_loss": 0.5})
        schedule.after_evaluation({"val_loss": loss})
    assert schedule.lr == pytest.approx(0.1)


def test_a_plateau_is_not_looked_for_where_nothing_was_measured() -> None:
    optimizer = _optimizer()
    schedule = Schedule([ReduceLROnPlateau(optimizer, patience=0)], optimizers=[optimizer])
    for _ in range(3):
        schedule.after_epoch(None)
    assert schedule.lr == 1.0


def test_what_does_not_go_together_is_refused() -> None:
    optimizer = _optimizer()
    with pytest.raises(ConfigError, match="interval must be epoch or evaluation for ReduceLROn"):
        Schedule([ReduceLROnPlateau(optimizer)], optimizers=[optimizer], interval="step")
    with pytest.raises(ConfigError, match="monitor is for ReduceLROnPlateau"):
        Schedule([_halving(optimizer)], optimizers=[optimizer], monitor="val_loss")


def test_a_first_update_that_was_left_out_warns_of_nothing() -> None:
    optimizer = _optimizer()
    schedule = Schedule([_halving(optimizer)], optimizers=[optimizer], interval="step")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.after_step()
        schedule.after_step()
    assert schedule.lr == 0.25


@given(
    rate=st.floats(1e-6, 1e3),
    steps=st.integers(1, 50),
    factor=st.floats(0.0, 0.99),
    interval=st.sampled_from(["epoch", "step"]),
)
def test_the_warm_up_is_a_line_that_ends_at_exactly_the_rate(
    rate: float, steps: int, factor: float, interval: Literal["epoch", "step"]
) -> None:
    optimizer = _optimizer(rate)
    schedule = Schedule(
        optimizers=[optimizer], interval=interval, warmup_steps=steps, warmup_factor=factor
    )
    assert schedule.each_step
    rates = _rates(schedule, optimizer, steps + 3)
    assert rates[0] == pytest.approx(factor * rate)
    assert rates[steps:] == [rate] * 3
    line = [rate * (factor + (1 - factor) * step / steps) for step in range(steps)]
    assert rates[:steps] == pytest.approx(line)


@given(steps=st.integers(0, 12))
def test_a_scheduler_after_the_warm_up_gives_the_rates_that_it_gives_without(steps: int) -> None:
    plain, warmed = _optimizer(0.3), _optimizer(0.3)
    alone = Schedule([CosineAnnealingLR(plain, T_max=20)], optimizers=[plain], interval="step")
    after = Schedule(
        [CosineAnnealingLR(warmed, T_max=20)],
        optimizers=[warmed],
        interval="step",
        warmup_steps=steps,
    )
    assert _rates(after, warmed, steps + 20)[steps:] == _rates(alone, plain, 20)


def test_each_group_and_each_optimiser_is_warmed_up_to_its_own_rate() -> None:
    weights = [nn.Parameter(torch.zeros(1)) for _ in range(3)]
    groups: list[dict[str, Any]] = [
        {"params": [weights[0]]},
        {"params": [weights[1]], "lr": 0.5},
    ]
    first = torch.optim.SGD(groups, lr=1.0)
    second = torch.optim.SGD([weights[2]], lr=torch.tensor(8.0))
    schedule = Schedule(optimizers=[first, second], warmup_steps=2, warmup_factor=0.5)
    seen = []
    for _ in range(3):
        seen.append([float(group["lr"]) for each in (first, second) for group in each.param_groups])
        schedule.after_step()
    assert seen == [[0.5, 0.25, 4.0], [0.75, 0.375, 6.0], [1.0, 0.5, 8.0]]
    assert isinstance(second.param_groups[0]["lr"], torch.Tensor)


@pytest.mark.parametrize(
    ("warmup_steps", "steps_an_epoch", "halved"),
    [(0, 2, [1, 2, 3]), (2, 2, [0, 1, 2]), (3, 2, [0, 1, 2]), (4, 2, [0, 0, 1]), (9, 2, [0, 0, 0])],
)
def test_epochs_count_for_a_scheduler_once_a_step_was_made_at_the_full_rate(
    warmup_steps: int, steps_an_epoch: int, halved: list[int]
) -> None:
    optimizer = _optimizer()
    scheduler = _halving(optimizer)
    schedule = Schedule([scheduler], optimizers=[optimizer], warmup_steps=warmup_steps)
    counted = []
    for _ in halved:
        _rates(schedule, optimizer, steps_an_epoch)
        schedule.after_epoch({})
        counted.append(scheduler.last_epoch)
    assert counted == halved


def test_a_one_cycle_begins_where_its_warm_up_ends() -> None:
    optimizer = _optimizer()
    cycle = OneCycleLR(optimizer, max_lr=1.0, total_steps=10, cycle_momentum=False)
    first = optimizer.param_groups[0]["lr"]
    schedule = Schedule([cycle], optimizers=[optimizer], interval="step", warmup_steps=4)
    rates = _rates(schedule, optimizer, 14)
    assert rates[4] == first
    assert max(rates) == pytest.approx(1.0)


@given(split=st.integers(0, 15), steps=st.integers(0, 6))
def test_a_warm_up_goes_on_in_the_middle_whichever_state_is_put_back_first(
    split: int, steps: int
) -> None:
    def build() -> tuple[Schedule, torch.optim.SGD]:
        optimizer = _optimizer(0.3)
        scheduler = ExponentialLR(optimizer, 0.9)
        schedule = Schedule(
            [scheduler], optimizers=[optimizer], interval="step", warmup_steps=steps
        )
        return schedule, optimizer

    whole, optimizer = build()
    expected = _rates(whole, optimizer, 20)[split:]
    begun, optimizer = build()
    _rates(begun, optimizer, split)
    state, of_optimizer = copy.deepcopy((begun.state_dict(), optimizer.state_dict()))
    for schedule_first in (True, False):
        resumed, optimizer = build()
        if schedule_first:
            resumed.load_state_dict(state)
        optimizer.load_state_dict(copy.deepcopy(of_optimizer))
        if not schedule_first:
            resumed.load_state_dict(state)
        assert _rates(resumed, optimizer, 20 - split) == expected


def test_a_schedule_by_a_function_of_ones_own_goes_on_too() -> None:
    def build() -> tuple[Schedule, torch.optim.SGD]:
        optimizer = _optimizer()
        scheduler = LambdaLR(optimizer, lambda step: 1.0 / (1 + step))
        return Schedule([scheduler], optimizers=[optimizer], interval="step"), optimizer

    begun, optimizer = build()
    rates = _rates(begun, optimizer, 3)
    resumed, other = build()
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(copy.deepcopy(begun.state_dict()))
    rates += _rates(resumed, other, 2)
    assert rates == pytest.approx([1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
