"""The failure of an attempt, for its record: what was raised, what it says, and where."""

from __future__ import annotations

import traceback
from pathlib import Path

from stride.store.record import ErrorRecord

_MESSAGE_LENGTH = 10_000
"""Characters of an error's message that are kept."""


def failure_of(error: BaseException) -> ErrorRecord:
    """Type, message and place of an error."""
    return ErrorRecord(type=type(error).__name__, message=_message(error), where=_where(error))


def _message(error: BaseException) -> str:
    """What the error says, as text that JSON can hold, and not without end."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error of user code whose own text fails
        return "its message cannot be read"
    return text[:_MESSAGE_LENGTH].encode("utf-8", "replace").decode()


def _where(error: BaseException) -> str | None:
    """File, line and function that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return None
    last = frames[-1]
    return f"{Path(last.filename)}:{last.lineno} in {last.name}"
