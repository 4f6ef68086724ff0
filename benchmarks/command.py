"""A command: a whole process, timed from its start to its end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contestant import ROOT, Contestant, ContestantError, clean_environment, last_line


class Command(Contestant):
    """A whole process, from its start to its end, its output read as it comes.

    Args:
        arguments: of the process.
        least_lines: fewer lines of output than this is a failure: who lists nothing is fast.
        terminal: whether it writes to a (pseudo) terminal; else to a pipe.
        environment: variables on top of the clean ones.
    """

    def __init__(
        self,
        *arguments: str | Path,
        least_lines: int = 1,
        terminal: bool = False,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._least_lines = least_lines
        self._terminal = terminal
        self._environment = clean_environment(environment or {})
        self._folder = folder

    def repeat(self) -> float:
        reading, writing = pty.openpty() if self._terminal else os.pipe()
        with tempfile.TemporaryFile() as errors:
            started = time.perf_counter()
            try:
                process = subprocess.Popen(
                    self._arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing if self._terminal else errors,
                    env=self._environment,
                    cwd=self._folder,
                )
            except OSError as error:
                os.close(reading)
                raise ContestantError(f"{self._arguments[0]}: {error.strerror}") from error
            finally:
                os.close(writing)
            output = _read_all(reading)
            status = process.wait()
            seconds = time.perf_counter() - started
            errors.seek(0)
            said = errors.read() or output
        if status != 0:
            raise ContestantError(f"ended with {status}: {last_line(said)}")
        if output.count(b"\n") < self._least_lines:
            raise ContestantError(f"printed less than {self._least_lines} lines")
        return seconds


def run_once(python: Path, module: str, *arguments: str) -> None:
    """Run a module that prepares something, to its end.

    Raises:
        ContestantError: it failed.
    """
    done = subprocess.run(
        [str(python), "-m", module, *arguments],
        cwd=ROOT,
        env=clean_environment({}),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise ContestantError(f"could not be prepared: {last_line(done.stderr)}")


def project_command(name: str) -> Path:
    """A console command of the environment that this process runs in."""
    return Path(sys.executable).parent / name


def _read_all(descriptor: int) -> bytes:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(descriptor, 1 << 16)
        except OSError:  # a terminal says so that its other end was closed
            break
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts)
