"""The command line, called in this process and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stride.cli.app import app
from stride.store.provenance.take import take
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir


@dataclass(frozen=True)
class Answer:
    """What a call of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is to be one JSON document."""
        return json.loads(self.out)


Call = Callable[..., Answer]


@pytest.fixture
def stride(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call a command in this process, in a new folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Answer:
        result = CliRunner().invoke(app, arguments, prog_name="stride", catch_exceptions=False)
        return Answer(result.exit_code, result.stdout, result.stderr)

    return call


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


@pytest.fixture
def stride_process(tmp_path: Path) -> Call:
    """Call a command as a process, in a new folder; `environment` is added to the variables."""

    def call(*arguments: str, environment: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "stride", *arguments],
            cwd=tmp_path,
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
