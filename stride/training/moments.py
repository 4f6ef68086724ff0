"""The moments of a training at which its watchers are told what is known: five frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from stride.store.run import Run
from stride.tables import Cell


@dataclass(frozen=True)
class Plan:
    """How long a training will be.

    Attributes:
        max_epochs: passes over the training data at most.
        steps_an_epoch: optimiser steps; None where the data does not tell its length.
        steps: optimiser steps in all, those of earlier attempts included; None where it is not
            known.
        samples_a_step: on average over an epoch; 0 where it is not known.
    """

    max_epochs: int
    steps_an_epoch: int | None
    steps: int | None
    samples_a_step: float


@dataclass(frozen=True)
class FitBegins:
    """An attempt begins to train; nothing was computed yet.

    Attributes:
        run: that is trained; its paths say where things may be written.
        first_step: optimiser steps that earlier attempts have done; 0 in a new run. What was
            reported of later steps then comes again.
        plan: how long it will be.
        first_epoch: that it begins in, counted from 1.
    """

    run: Run
    first_step: int
    plan: Plan
    first_epoch: int = 1


@dataclass(frozen=True)
class StepLogged:
    """A row of steps.csv was written.

    Attributes:
        step: optimiser steps done.
        epoch: counted from 1.
        row: `lr`, `loss`, `loss_<name>`, `gradient_norm`: means since the last row.
    """

    step: int
    epoch: int
    row: Mapping[str, Cell]

    def __post_init__(self) -> None:
        object.__setattr__(self, "row", _unchangeable(self.row))


@dataclass(frozen=True)
class EpochEnded:
    """A row of metrics.csv was written, and the weights that became best: at the end of an epoch,
    and at each evaluation within one where `fit_kwargs.evaluate_every` asks for them.

    Attributes:
        step: optimiser steps done.
        epoch: counted from 1.
        row: `lr`, `train_<name>`, `val_<name>`.
    """

    step: int
    epoch: int
    row: Mapping[str, Cell]

    def __post_init__(self) -> None:
        object.__setattr__(self, "row", _unchangeable(self.row))


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint is whole and in its place. Where it was written in the background, training has
    gone on meanwhile.

    Attributes:
        step: that it holds.
        epoch: that it holds.
        path: its folder.
    """

    step: int
    epoch: int
    path: Path


@dataclass(frozen=True)
class FitEnded:
    """The attempt is over.

    Attributes:
        status: that the run gets.
        reason: why it ended before its plan, one sentence; None where it did not.
        results: of the final evaluation, `<split>_<name>`; empty where there was none.
    """

    status: Literal["completed", "stopped", "failed"]
    reason: str | None = None
    results: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", MappingProxyType(dict(self.results)))


Moment = FitBegins | StepLogged | EpochEnded | CheckpointSaved | FitEnded


def _unchangeable(row: Mapping[str, Cell]) -> Mapping[str, Cell]:
    """A copy without writing: what a watcher does to its row reaches no table."""
    return MappingProxyType(dict(row))
