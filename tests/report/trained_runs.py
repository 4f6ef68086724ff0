"""Runs as trainings on several ranks leave them, made without training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stride.store.run import Run
from stride.store.work_dir import WorkDir

SETTINGS: dict[str, Any] = {
    "seed": 0,
    "optimizer_kwargs": {"lr": 0.1},
    "fit_kwargs": {"threads": None},
}


def trained(
    folder: Path,
    ranks: int,
    rates: Sequence[float],
    *,
    nodes: int = 1,
    device: str = "cpu",
    fingerprint: str = "sha256:aa",
    **groups: Any,
) -> Run:
    """A completed run, with a row of timings for each rate, in samples a second."""
    run = WorkDir(folder).create(SETTINGS | groups)
    train(run, ranks, rates, nodes=nodes, device=device, fingerprint=fingerprint)
    return run


def train(
    run: Run,
    ranks: int,
    rates: Sequence[float],
    *,
    nodes: int = 1,
    device: str = "cpu",
    fingerprint: str = "sha256:aa",
    before: int = 0,
    completes: bool = True,
) -> None:
    """An attempt that goes on after so many epochs of ten steps."""
    with run.start(world_size=ranks, nodes=nodes) as attempt:
        attempt.found(device=device, threads=1)
        attempt.fingerprint({"digits": fingerprint})
        attempt.rewind(step=10 * before, epoch=before)
        for epoch, rate in enumerate(rates, before + 1):
            row = {"epoch": epoch, "step": 10 * epoch, "samples_per_second": rate}
            run.timings.append(row)
            attempt.sign(step=10 * epoch, epoch=epoch)
        if not completes:
            attempt.stop("asked to")
