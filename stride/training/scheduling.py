"""The schedule of a config: its schedulers built, with what follows from the training's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from stride.config.schema import SchedulerKwargs
from stride.errors import ConfigError
from stride.training.references import Reference, load_thing
from stride.training.schedule import Schedule

_FROM_LENGTH = ("T_max", "total_steps")
"""Arguments that are the number of a scheduler's steps, where they are null."""


def build_schedule(
    chosen: SchedulerKwargs,
    optimizers: Sequence[Optimizer],
    *,
    steps_an_epoch: int,
    planned_steps: int | None,
    steps_an_evaluation: int | None = None,
    given: LRScheduler | None = None,
) -> tuple[Schedule, dict[str, Any]]:
    """The schedule, a scheduler for each optimiser, and the arguments that were settled here: how
    often a scheduler will step, by its key inside `scheduler_kwargs`.

    Args:
        steps_an_epoch: optimiser steps; 0 where that is not known.
        planned_steps: optimiser steps of the whole training; None where that is not known.
        steps_an_evaluation: between two evaluations; None where there is one an epoch.
        given: a scheduler in place of a name, of the first optimiser.

    Raises:
        ConfigError: a scheduler refuses its arguments, or needs a length that is not known.
    """
    settled: dict[str, Any] = {}
    schedulers = [] if given is None else [given]
    if given is None and chosen.name is not None:
        horizon = _Horizon(chosen, steps_an_epoch, planned_steps, steps_an_evaluation)
        reference = load_thing("scheduler", chosen.name)
        for optimizer in optimizers:
            scheduler, settled = _build(reference, chosen.arguments, optimizer, horizon)
            schedulers.append(scheduler)
    if steps_an_evaluation is not None and chosen.interval == "epoch":
        _check_plateaus(schedulers)
    schedule = Schedule(
        schedulers,
        optimizers=optimizers,
        interval=chosen.interval,
        monitor=chosen.monitor,
        warmup_steps=chosen.warmup_steps,
        warmup_factor=chosen.warmup_factor,
    )
    return schedule, settled


class _Horizon:
    """How often the schedulers of a training step."""

    def __init__(
        self,
        chosen: SchedulerKwargs,
        steps_an_epoch: int,
        planned_steps: int | None,
        steps_an_evaluation: int | None,
    ) -> None:
        self._warmup_steps = chosen.warmup_steps
        self._planned_steps = planned_steps
        self._interval = chosen.interval
        self._apart = {
            "step": 1,
            "epoch": steps_an_epoch,
            "evaluation": steps_an_evaluation or steps_an_epoch,
        }[chosen.interval]

    def known(self) -> int | None:
        """The number; None where it is not known."""
        if self._planned_steps is None or self._apart == 0:
            return None
        # An interval that ends with the warm-up, or before, is none of the schedulers'.
        return -(-self._planned_steps // self._apart) - self._warmup_steps // self._apart

    def needed(self, key: str) -> int:
        """The number.

        Raises:
            ConfigError: it is not known, or the warm-up leaves nothing.
        """
        number = self.known()
        if number is None:
            raise ConfigError(
                f"scheduler_kwargs.{key} is needed: how many {self._interval}s the training has is"
                " not known beforehand; give it, or fit_kwargs.max_steps with"
                " scheduler_kwargs.interval=step"
            )
        if number < 1:
            raise ConfigError(
                f"scheduler_kwargs.warmup_steps={self._warmup_steps} takes the whole training of"
                f" {self._planned_steps} steps, and leaves nothing to the scheduler"
            )
        return number


def _build(
    reference: Reference,
    arguments: Mapping[str, Any],
    optimizer: Optimizer,
    horizon: _Horizon,
) -> tuple[LRScheduler, dict[str, Any]]:
    settled = {
        name: horizon.needed(name)
        for name in _FROM_LENGTH
        if name in arguments and arguments[name] is None and not arguments.get("epochs")
    }
    try:
        return reference.build(optimizer, **{**arguments, **settled}), settled
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"scheduler_kwargs: {reference.name} refuses its arguments: {error}"
        ) from error


def _check_plateaus(schedulers: Sequence[LRScheduler]) -> None:
    if any(isinstance(scheduler, ReduceLROnPlateau) for scheduler in schedulers):
        raise ConfigError(
            "scheduler_kwargs.interval must be evaluation for ReduceLROnPlateau where"
            " fit_kwargs.evaluate_every is set: its metric is measured then"
        )
