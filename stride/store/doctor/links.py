"""The note on what is elsewhere: weights or checkpoints that a link leads to are not looked at."""

from __future__ import annotations

from pathlib import Path

from stride.errors import StoredFileError
from stride.store.doctor.finding import Finding, Level
from stride.store.run import Run


def led_out(run: Run, path: Path) -> Finding | None:
    """The note where a link leads out of the experiment; None where none does."""
    try:
        run.check_inside(path)
    except StoredFileError as error:
        return Finding("led out", path, f"{error}; it is not looked at", Level.NOTE)
    return None
