"""What all tests share."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.store.provenance.take import take
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.repository import new_repository, plain_git, repository

__all__ = ["known", "new_repository", "plain_git", "repository", "trained"]

# Tests run side by side, and trainings in processes of their own: one thread each is fastest.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell without job control has what it starts in the background ignore Ctrl-C, nohup the end of
# the terminal, and so would all processes of the tests: stride leaves ignored what it finds so.
if threading.current_thread() is threading.main_thread():
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

SETTINGS: dict[str, Any] = {
    "seed": 0,
    "model_kwargs": {"model_name": "MLP", "hidden_dims": [64]},
    "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": 0.001},
}


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., Run]:
    """Make a run in the experiment `exp` as a training would leave it, without training."""

    def train(
        accuracy: float = 0.9,
        *,
        name: str | None = None,
        chosen: tuple[str, ...] = ("optimizer_kwargs.lr",),
        overrides: tuple[str, ...] = (),
        **groups: Any,
    ) -> Run:
        config = {
            key: value | groups.get(key, {}) if isinstance(value, dict) else groups.get(key, value)
            for key, value in SETTINGS.items()
        }
        run = WorkDir(tmp_path / "exp").create(config, name=name, chosen=chosen)
        with run.start(overrides=overrides) as attempt:
            for epoch in (1, 2):
                row = {"epoch": epoch, "step": 10 * epoch, "val_accuracy": accuracy}
                run.metrics.append(row)
                attempt.sign(
                    step=10 * epoch, epoch=epoch, max_epochs=2, metrics={"val_accuracy": accuracy}
                )
            attempt.best(
                BestRecord(monitor="val_accuracy", mode="max", value=accuracy, epoch=2, step=20)
            )
            run.save_results({"test_accuracy": accuracy})
        return run

    return train


@pytest.fixture
def known(tmp_path: Path) -> Callable[[Run], Run]:
    """Take the provenance of a run, as a training does."""

    def take_provenance(run: Run) -> Run:
        target = run.attempt_provenance_path(1)
        take(target, experiment=run.work_dir, source=tmp_path, argv=["train"])
        return run

    return take_provenance
