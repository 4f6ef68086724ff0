"""A contestant: something that is timed once a round."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class ContestantError(Exception):
    """A contestant could not be measured; the message goes into the table."""


class Contestant(ABC):
    """What is timed."""

    @abstractmethod
    def repeat(self) -> float:
        """Do it once; the seconds it took.

        Raises:
            ContestantError: it failed, or did not do what it was measured for.
        """

    def close(self) -> None:  # noqa: B027  (only one kind has something to end)
        """End what is still running."""


def clean_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The same variables for all: one thread, a terminal of 120 columns, nobody phones home."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    return {
        **kept,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TERM": "xterm-256color",
        "COLUMNS": "120",
        "LINES": "40",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
        **more,
    }


def last_line(text: bytes) -> str:
    """The last line of an output that has words, without colours, cut to what fits a table."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text.decode(errors="replace"))
    lines = [line.strip() for line in plain.splitlines() if re.search(r"\w", line)]
    return lines[-1][:200] if lines else ""
