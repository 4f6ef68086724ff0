"""A file that a command is to write: of a known kind, and not over another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stride.errors import UsageError


def new_file(text: str, endings: Sequence[str], what: str) -> Path:
    """The path that was typed after --output.

    Args:
        text: as typed; `~` at its beginning is the home folder.
        endings: that a name may have, without the point.
        what: that is written, as in `a picture`.

    Raises:
        UsageError: another ending, a file that is there already, or no such folder.
    """
    path = Path(text).expanduser()
    if path.suffix.removeprefix(".") not in endings:
        kinds = " or ".join(f".{ending}" for ending in endings)
        raise UsageError(f"--output {text}: {what} is a {kinds}; give such a name")
    if path.exists():
        raise UsageError(f"--output {text} exists already, and is not overwritten")
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}")
    return path
