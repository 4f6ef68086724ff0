"""The schedule of the learning rates: when the schedulers step, by what, and the warm-up before."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from stride.errors import ConfigError
from stride.training.columns import monitored

Interval = Literal["epoch", "step", "evaluation"]
"""When a scheduler steps."""

Row = Mapping[str, float | int]


class Schedule:
    """Schedulers of torch, one for each optimiser, and their rhythm; without any the rates stay.

    A warm-up comes first: at step k of `warmup_steps`, counted from 0, a group's learning rate is
    `rate * (factor + (1 - factor) * k / warmup_steps)`, and after it exactly `rate`: what the
    scheduler begins with. The schedulers stand still until then. At the end of an epoch, or after
    an evaluation, they step once a step has been made at the full rate.

    Args:
        optimizers: all whose rates are warmed up.
        interval: whether schedulers step after each optimiser step, epoch or evaluation.
        monitor: the column of the row that a plateau is looked for in.
        warmup_steps: optimiser steps; 0 for no warm-up.
        warmup_factor: the share of the rate that the first step has.

    Attributes:
        each_step: whether `after_step` has anything to do.
    """

    def __init__(
        self,
        schedulers: Sequence[LRScheduler] = (),
        *,
        optimizers: Sequence[Optimizer] = (),
        interval: Interval = "epoch",
        monitor: str | None = None,
        warmup_steps: int = 0,
        warmup_factor: float = 0.0,
    ) -> None:
        self._schedulers = tuple(schedulers)
        self._optimizers = tuple(optimizers)
        self._interval = interval
        self._monitor = monitor or "val_loss"
        self._warmup_steps = warmup_steps
        self._warmup_factor = warmup_factor
        self._steps = 0
        self._full_rates: list[list[float]] = []
        self.each_step = warmup_steps > 0 or (bool(schedulers) and interval == "step")
        _check(self._schedulers, interval, monitor)
        if warmup_steps:
            self._full_rates = [
                [float(group["lr"]) for group in optimizer.param_groups]
                for optimizer in self._optimizers
            ]
            self._warm_up()

    @property
    def lr(self) -> float:
        """The learning rate of the first group, for the step to come."""
        return float(self._optimizers[0].param_groups[0]["lr"])

    def after_step(self) -> None:
        """To be called after each optimiser step, whether its update was made or left out."""
        if not self.each_step:
            return
        self._steps += 1
        if self._steps <= self._warmup_steps:
            self._warm_up()
        elif self._interval == "step":
            for scheduler in self._schedulers:
                _step(scheduler)

    def after_epoch(self, row: Row | None = None) -> None:
        """To be called at the end of each epoch, with the row of its evaluation where there was
        one; a plateau is not looked for without.

        Raises:
            ConfigError: a plateau is looked for in a column that the row has not.
        """
        if self._interval == "epoch":
            self._step_by_row(row)

    def after_evaluation(self, row: Row) -> None:
        """To be called after each evaluation, also where that ends an epoch, with its row.

        Raises:
            ConfigError: a plateau is looked for in a column that the row has not.
        """
        if self._interval == "evaluation":
            self._step_by_row(row)

    def state_dict(self) -> dict[str, Any]:
        """All that must go on; the rates themselves are in the state of the optimisers."""
        return {
            "steps": self._steps,
            "full_rates": self._full_rates,
            "schedulers": [_plain(scheduler.state_dict()) for scheduler in self._schedulers],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the optimisers are given theirs beside it, in either order."""
        self._steps = state["steps"]
        self._full_rates = [list(rates) for rates in state["full_rates"]]
        for scheduler, own in zip(self._schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(_like(scheduler.state_dict(), own))

    def _warm_up(self) -> None:
        """Set each rate to its share at this step."""
        share = 1.0
        if self._steps < self._warmup_steps:
            done = self._steps / self._warmup_steps
            share = self._warmup_factor + (1.0 - self._warmup_factor) * done
        for optimizer, rates in zip(self._optimizers, self._full_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate * share)
                else:
                    group["lr"] = rate * share

    def _step_by_row(self, row: Row | None) -> None:
        if self._warmup_steps and self._steps <= self._warmup_steps:
            return
        for scheduler in self._schedulers:
            if not isinstance(scheduler, ReduceLROnPlateau):
                _step(scheduler)
            elif row is not None:
                scheduler.step(monitored(row, self._monitor, "scheduler_kwargs.monitor"))


def _check(schedulers: Sequence[LRScheduler], interval: Interval, monitor: str | None) -> None:
    plateau = any(isinstance(scheduler, ReduceLROnPlateau) for scheduler in schedulers)
    if plateau and interval == "step":
        raise ConfigError(
            "scheduler_kwargs.interval must be epoch or evaluation for ReduceLROnPlateau: its"
            " metric is not measured at each step"
        )
    if monitor is not None and not plateau:
        raise ConfigError(
            "scheduler_kwargs.monitor is for ReduceLROnPlateau; no other scheduler looks at a"
            " metric"
        )


def _step(scheduler: LRScheduler) -> None:
    """Step; torch would warn where the optimiser has made no update in this process, as when the
    first was left out.
    """
    if vars(scheduler.optimizer).get("_opt_called"):
        scheduler.step()
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        scheduler.step()


def _plain(value: Any) -> Any:
    """A state with mappings of the plain kind only."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _like(current: Any, state: Any) -> Any:
    """The state with its mappings of the kinds that the scheduler has now."""
    if isinstance(current, Mapping) and isinstance(state, Mapping):
        restored = {key: _like(current.get(key), item) for key, item in state.items()}
        return Counter(restored) if isinstance(current, Counter) else restored
    if isinstance(current, list) and isinstance(state, list) and len(current) == len(state):
        return [_like(*pair) for pair in zip(current, state, strict=True)]
    return state
