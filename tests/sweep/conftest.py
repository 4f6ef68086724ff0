"""Sweeps without trainings: their runs are ended through the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.sweep.beginning import begin_sweep
from stride.sweep.definition import Definition, new_definition
from stride.sweep.folder import SweepFolder
from stride.sweep.space import Choice

SEEDS = {"seed": Choice(values=(0, 1, 2))}

Begin = Callable[..., tuple[SweepFolder, Definition]]


def definition_of(**values: Any) -> Definition:
    """The definition of a small grid, with some values otherwise."""
    return new_definition(
        **{
            "name": "seeds",
            "settings": {"fit_kwargs.max_epochs": 2},
            "space": SEEDS,
            "sampler": "grid",
            "metric": "val_loss",
            "direction": "min",
            "trials": 3,
            **values,
        }
    )


def train(run: Run, loss: float, *, reason: str | None = None) -> None:
    """Leave a run as a training would."""
    with run.start() as attempt:
        run.metrics.append({"epoch": 1, "step": 1, "val_loss": loss})
        attempt.sign(step=1, epoch=1, metrics={"val_loss": loss})
        attempt.best(BestRecord(monitor="val_loss", mode="min", value=loss, epoch=1, step=1))
        attempt.complete(reason)


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Begin a sweep in the experiment `exp`."""

    def begin_one(**values: Any) -> tuple[SweepFolder, Definition]:
        definition = definition_of(**values)
        folder = SweepFolder(WorkDir(tmp_path / "exp"), definition.name)
        return folder, begin_sweep(folder, definition)

    return begin_one
