"""A finding of the doctor: what is wrong, where, and how it can be mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Level(StrEnum):
    """A problem is damage, or something left over; a note is to be known, and may stay."""

    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        kind: in two or three words, as `torn file`.
        path: what it is about.
        text: what is wrong with it, and what to do.
        mend: does what can be done safely, and says what it did; None where nothing can.
    """

    kind: str
    path: Path
    text: str
    level: Level = Level.PROBLEM
    mend: Callable[[], str] | None = None
