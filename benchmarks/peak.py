"""The most memory that a process has at once: measured in bytes, not in seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.contestant import Contestant, ContestantError, clean_environment, last_line

_UNIT = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes

# A process starts with the peak of the one that starts it, so a small one stands between.
_STARTER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


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
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _STARTER, *self._arguments],
            capture_output=True,
            check=False,
            env=clean_environment({}),
            cwd=self._folder,
        )
        if done.returncode != 0:
            raise ContestantError(f"ended with {done.returncode}: {last_line(done.stderr)}")
        return float(int(done.stdout) * _UNIT)
