"""The mark by which a worker tells a training that it is a trial, and is to report."""

from __future__ import annotations

import os
from dataclasses import dataclass

TRIAL = "STRIDE_TRIAL"
"""The variable that holds the mark."""


@dataclass(frozen=True)
class TrialMark:
    """Name and id of the sweep, and number of the trial."""

    sweep: str
    study: str
    trial: int


def trial_mark(sweep: str, study: str, trial: int) -> str:
    """What the variable says."""
    return f"{sweep}/{study}/{trial}"


def read_mark() -> TrialMark | None:
    """The mark of this process; None where no worker has started it."""
    parts = os.environ.get(TRIAL, "").split("/")
    if len(parts) != 3 or not parts[2].isdecimal():
        return None
    return TrialMark(parts[0], parts[1], int(parts[2]))
