"""The trainings of these tests: asked for one by one, each a process that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.resilience.deaths import Death

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ending:
    """How a training ended.

    Attributes:
        code: 0 where the run is done, -9 where it was killed.
        seconds: from the fork of its process on.
        output: all that it printed.
        steps, events: as a `Fate` counts them; 0 where it was killed.
    """

    code: int
    seconds: float
    output: str
    steps: int = 0
    events: int = 0

    @property
    def killed(self) -> bool:
        """Whether it was SIGKILL."""
        return self.code == -signal.SIGKILL


class Trainings:
    """Has trainings done by a server that is started at the first; see `training_server`."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Trainings:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.communicate()

    def train(
        self,
        folder: Path,
        case: str,
        death: Death | None = None,
        *,
        device: str = "cpu",
        largest_file: int | None = None,
        settings: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Ending:
        """Train the run `x` of `folder/exp`, from where it is, until it is done or dies.

        Args:
            settings: keyword arguments of the trainer, over those of the case.
            overrides: those of this `fit` alone.
            largest_file: bytes that a file may have at most; writing more fails like a full disk.
        """
        request = {
            "folder": str(folder),
            "case": case,
            "death": msgspec.to_builtins(death),
            "device": device,
            "largest_file": largest_file,
            "settings": settings,
            "overrides": overrides,
        }
        server = self._started()
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, "the server of trainings ended; its error is above"
        return Ending(**json.loads(answer))

    def _started(self) -> subprocess.Popen[str]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.resilience.training_server"],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._server


def run_in(folder: Path) -> Run:
    """The run that is trained in the folder."""
    return WorkDir(folder / "exp").run("x")
