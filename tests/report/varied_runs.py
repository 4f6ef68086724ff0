"""Completed runs with settings and a result that tests choose, without training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stride.config.differences import unflatten
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def make_run(
    experiment: Path,
    loss: float | None,
    settings: Mapping[str, Any],
    *,
    chosen: tuple[str, ...] = (),
    completed: bool = True,
) -> Run:
    """A run of one epoch with these dotted settings, which had the loss on the validation data."""
    run = WorkDir(experiment).create(unflatten(settings), chosen=chosen)
    with run.start() as attempt:
        if loss is not None:
            row = {"val_loss": loss, "val_accuracy": 1.0 - loss}
            run.metrics.append({"epoch": 1, "step": 1, **row})
            attempt.sign(step=1, epoch=1, max_epochs=1, metrics=row)
            attempt.best(
                BestRecord(monitor="val_loss", mode="min", value=loss, epoch=1, step=1, metrics=row)
            )
            run.save_results({"test_loss": loss * 2})
        if not completed:
            attempt.stop("the test says so")
    return run
