"""The most memory that a process has at once: measured in bytes, not in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.contestant import Contestant, ContestantError, clean_environment

_UNIT = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes


class Peak(Contestant):
    """A whole process, by its resident memory at its height; its output is not looked at.

    Args:
        arguments: of the process.
        folder: that it runs in.
    """

    def __init__(self, *arguments: str | Path, folder: Path | None = None) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._folder = folder

    def repeat(self) -> float:
        try:
            process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=clean_environment({}),
                cwd=self._folder,
            )
        except OSError as error:
            raise ContestantError(f"{self._arguments[0]}: {error.strerror}") from error
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise ContestantError(f"ended with {process.returncode}")
        return float(usage.ru_maxrss * _UNIT)
