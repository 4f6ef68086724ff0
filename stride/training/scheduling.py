"""The schedule of a config: its schedulers built, with what follows from the training's length."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from stride.config.schema import SchedulerKwargs
from stride.config.thing_lists import named_elements
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
        apart = {
            "step": 1,
            "epoch": steps_an_epoch,
            "evaluation": steps_an_evaluation or steps_an_epoch,
        }[chosen.interval]
        length = _length(chosen, apart, planned_steps)
        reference = load_thing("scheduler", chosen.name)
        for optimizer in optimizers:
            scheduler, settled = _build(reference, chosen.arguments, optimizer, length, ())
            schedulers.append(scheduler)
    if steps_an_evaluation is not None and chosen.interval == "epoch":
        _check_no_plateau(schedulers)
    schedule = Schedule(
        schedulers,
        optimizers=optimizers,
        interval=chosen.interval,
        monitor=chosen.monitor,
        warmup_steps=chosen.warmup_steps,
        warmup_factor=chosen.warmup_factor,
    )
    return schedule, settled


@dataclass(frozen=True)
class _Length:
    """How often a scheduler steps.

    Attributes:
        number: None where it is not known.
        unknown: the sentence for where it is needed all the same; `{key}` is the argument.
        nothing: the sentence for where it is needed and none is left.
    """

    number: int | None
    unknown: str
    nothing: str

    def needed(self, key: str) -> int:
        """The number.

        Raises:
            ConfigError: it is not known, or less than 1.
        """
        if self.number is None:
            raise ConfigError(self.unknown.format(key=key))
        if self.number < 1:
            raise ConfigError(self.nothing.format(key=key))
        return self.number


def _length(chosen: SchedulerKwargs, apart: int, planned_steps: int | None) -> _Length:
    """The length of a whole schedule whose steps are so many optimiser steps apart."""
    number = None
    if planned_steps is not None and apart > 0:
        # What ends with the warm-up, or before, is none of the schedulers'.
        number = -(-planned_steps // apart) - chosen.warmup_steps // apart
    interval = {"epoch": "epochs", "step": "steps", "evaluation": "evaluations"}[chosen.interval]
    return _Length(
        number,
        f"{{key}} is needed: how many {interval} this training has is not known beforehand; give"
        " it, or fit_kwargs.max_steps and scheduler_kwargs.interval=step",
        f"scheduler_kwargs.warmup_steps={chosen.warmup_steps} takes all {planned_steps} steps of"
        " the training, and leaves no {key} to the scheduler",
    )


def _build(
    reference: Reference,
    arguments: Mapping[str, Any],
    optimizer: Optimizer,
    length: _Length,
    path: tuple[str, ...],
) -> tuple[LRScheduler, dict[str, Any]]:
    """A scheduler, and what was settled by its key.

    Args:
        path: of the arguments inside `scheduler_kwargs`.
    """
    key = ".".join(("scheduler_kwargs", *path))
    if reference.thing in (SequentialLR, ChainedScheduler):
        if path:
            raise ConfigError(f"{key}: {reference.name} cannot be one of several schedulers itself")
        return _build_several(reference, arguments, optimizer, length)
    arguments = {**dict.fromkeys(_open_arguments(reference)), **arguments}
    settled = {
        name: length.needed(f"{key}.{name}")
        for name in _FROM_LENGTH
        if name in arguments and arguments[name] is None and not arguments.get("epochs")
    }
    arguments = {**arguments, **settled}
    _try_a_step(reference, key, optimizer, arguments)
    scheduler = _called(reference, key, optimizer, **arguments)
    if isinstance(scheduler, OneCycleLR) and scheduler.total_steps < (length.number or 0):
        raise ConfigError(
            f"{key}: OneCycleLR ends after total_steps={scheduler.total_steps}, and here it would"
            f" step {length.number} times; leave total_steps to the training, or look at"
            " scheduler_kwargs.interval"
        )
    return scheduler, {".".join((*path, name)): value for name, value in settled.items()}


def _build_several(
    reference: Reference, arguments: Mapping[str, Any], optimizer: Optimizer, length: _Length
) -> tuple[LRScheduler, dict[str, Any]]:
    """Schedulers one after another, or all at once."""
    elements = named_elements(
        "scheduler", arguments["schedulers"], ("scheduler_kwargs", "schedulers")
    )
    one_after_another = reference.thing is SequentialLR
    lengths = [length] * len(elements)
    if one_after_another:
        lengths = _lengths_between(arguments["milestones"], len(elements), length)
    schedulers: list[LRScheduler] = []
    settled: dict[str, Any] = {}
    for index, (named, own) in enumerate(zip(elements, lengths, strict=True)):
        inner = load_thing("scheduler", named.name or "")
        path = ("schedulers", str(index))
        scheduler, found = _build(inner, named.arguments, optimizer, own, path)
        schedulers.append(scheduler)
        settled |= found
    key = "scheduler_kwargs"
    if one_after_another:
        return _called(reference, key, optimizer, schedulers, arguments["milestones"]), settled
    return _called(reference, key, schedulers, optimizer), settled


def _lengths_between(milestones: list[int], count: int, whole: _Length) -> list[_Length]:
    """The length of each of several schedulers, of which the next begins at the next milestone."""
    key = "scheduler_kwargs.milestones"
    if len(milestones) != count - 1:
        raise ConfigError(
            f"{key} says when each scheduler but the first begins: {count} schedulers need"
            f" {count - 1} milestones, and there are {len(milestones)}"
        )
    edges = [0, *milestones]
    if any(later <= earlier for earlier, later in itertools.pairwise(edges)):
        raise ConfigError(f"{key} must rise from above 0, not {milestones}")
    lengths = [_Length(later - earlier, "", "") for earlier, later in itertools.pairwise(edges)]
    last = None if whole.number is None else whole.number - edges[-1]
    nothing = f"{key}: the last scheduler begins at {edges[-1]}, when the training is over: {{key}}"
    return [*lengths, _Length(last, whole.unknown, f"{nothing} would be {last}")]


def _open_arguments(reference: Reference) -> tuple[str, ...]:
    """Arguments that the training settles where nobody gave them, not even as null."""
    by_thing = {CosineAnnealingLR: ("T_max",), OneCycleLR: ("total_steps",)}
    return by_thing.get(reference.thing, ())


def _try_a_step(
    reference: Reference, key: str, optimizer: Optimizer, arguments: Mapping[str, Any]
) -> None:
    """Some of torch's schedulers take arguments with which they cannot step, as a step size of 0,
    and would say so after the first epoch only: one is tried with numbers of its own.

    Raises:
        ConfigError: it does not step.
    """
    if reference.thing.__module__ != LRScheduler.__module__:
        return
    rates = [
        {"params": [torch.zeros(1)], "lr": float(each["lr"])} for each in optimizer.param_groups
    ]
    try:
        with warnings.catch_warnings(action="ignore"):
            scheduler = reference.build(SGD(rates, momentum=0.9), **arguments)
            scheduler.step(*([0.0] if isinstance(scheduler, ReduceLROnPlateau) else []))
    except ZeroDivisionError as error:
        raise ConfigError(
            f"{key}: {reference.name} cannot step with its arguments: {error}"
        ) from error
    except (ValueError, TypeError):
        return  # building the real one says it, or a length of one step, which is enough


def _called(reference: Reference, key: str, *arguments: Any, **keywords: Any) -> LRScheduler:
    try:
        scheduler: LRScheduler = reference.build(*arguments, **keywords)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{key}: {reference.name} refuses its arguments: {error}") from error
    return scheduler


def _check_no_plateau(schedulers: Sequence[LRScheduler]) -> None:
    if any(isinstance(scheduler, ReduceLROnPlateau) for scheduler in schedulers):
        raise ConfigError(
            "scheduler_kwargs.interval must be evaluation for ReduceLROnPlateau where"
            " fit_kwargs.evaluate_every is set: its metric is measured then"
        )
