"""Runs that are written by hand, so that each change of a file is the test's own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from stride.store.run import Run
from stride.store.work_dir import WorkDir

LATER = 4_000_000_000_000_000_000
"""A moment long after all files: what is read then lasts."""


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A run.json as a training writes it."""
    whole = {
        "format": 1,
        "id": f"{number:032x}",
        "status": "completed",
        "created": f"2026-01-01T00:00:{number % 60:02d}.000Z",
        "stride": "0.1.0",
        "chosen": ["lr"],
        "progress": {"epoch": 3, "max_epochs": 5, "step": 30, "max_steps": None},
        "last": {"val_loss": 0.5, "val_accuracy": 0.9},
        "best": [
            {
                "monitor": "val_loss",
                "mode": "min",
                "value": 0.25 + number / 100,
                "epoch": 2,
                "metrics": {"val_accuracy": 0.95, "train_loss": "nan"},
            }
        ],
        "attempts": [attempt()],
    }
    return {**whole, **changes}


def attempt(**changes: Any) -> dict[str, Any]:
    """An attempt that ended."""
    whole = {
        "number": 1,
        "started": "2026-01-01T00:00:00.000Z",
        "ended": "2026-01-01T00:01:00.500Z",
        "host": "here",
        "machine_id": "m",
        "boot_id": "b",
        "pid": 1,
        "pid_start": 1.0,
        "pid_namespace": "p",
    }
    return {**whole, **changes}


def settings(number: int) -> dict[str, Any]:
    """A config.json."""
    return {
        "format": 1,
        "seed": number % 3,
        "lr": 10.0 ** -(number % 4),
        "model_kwargs": {"model_name": "MLP", "hidden_dims": [64, number % 2], "dropout": None},
    }


def write_run(experiment: WorkDir, name: str, number: int, **changes: Any) -> Run:
    """Write the two files of a run, in place where they are there."""
    run = Run(experiment.path / name)
    run.path.mkdir(exist_ok=True)
    put(run.config_path, json.dumps(settings(number)).encode())
    put(run.record_path, json.dumps(record(number, **changes)).encode())
    return run


def put(path: Path, content: bytes) -> None:
    """Write a file in place, if its folder is there and no folder has its name."""
    if path.parent.is_dir() and not path.is_dir():
        path.write_bytes(content)


def let_time_pass(folder: Path) -> None:
    """Go on only when the file system's clock has: what changes now gets a stamp of its own."""
    probe = folder / ".probe"
    probe.write_bytes(b"")
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        os.utime(probe)
    probe.unlink()
