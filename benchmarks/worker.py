"""A worker: a loop in a process that stays, timed by itself, one repeat a round."""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contestant import ROOT, Contestant, ContestantError, clean_environment, last_line

_PATIENCE = 900.0  # seconds for one answer; the slowest epoch takes some 20


class Worker(Contestant):
    """A module that stays in a process of its own and does one repeat when asked; see `line.Line`.

    Args:
        python: the interpreter, and with it the environment.
        module: is run with `-m`, from the root of the repository.
        arguments: handed over as JSON.
    """

    def __init__(
        self,
        python: Path,
        module: str,
        arguments: Mapping[str, object],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the worker)
        self._process = subprocess.Popen(
            [str(python), "-m", module, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env=clean_environment(environment or {}),
        )
        self._ready = False

    def repeat(self) -> float:
        if not self._ready:
            self._answer()
            self._ready = True
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"again\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._failure() from error
        return float(self._answer())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _answer(self) -> bytes:
        stream = self._process.stdout
        assert stream is not None
        readable, _, _ = select.select([stream], [], [], _PATIENCE)
        line = stream.readline() if readable else b""
        if not line:
            raise self._failure()
        return line

    def _failure(self) -> ContestantError:
        self._errors.seek(0)
        return ContestantError(last_line(self._errors.read()) or "it gave no answer")
