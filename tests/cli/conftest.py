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
