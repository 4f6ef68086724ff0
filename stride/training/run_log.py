"""The file run.log: a record a line, appended; a disk that refuses never ends a training."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from stride.files import storage_errors

_KEPT_LINES = 10_000


class RunLog(logging.Handler):
    """A log handler that appends to one file: time (UTC), level, host, rank and module of each
    record.

    While the disk refuses, lines are kept in memory up to a bound and tried again with each new
    one; it is said once, on the screen.

    Args:
        path: of the file; its folder is made.
        rank: of this process among those that train together.
    """

    def __init__(self, path: Path, *, rank: int = 0, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._path = path
        self._origin = f"{socket.gethostname()} rank{rank}"
        self._descriptor: int | None = None
        self._kept: deque[bytes] = deque(maxlen=_KEPT_LINES)
        self._refused = False

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record; lines of it after the first are indented."""
        try:
            self._kept.append(self._line(record))
            self._write()
        except OSError as error:
            self._let_go()
            if not self._refused:
                self._refused = True
                _say(f"{error}; the log is kept in memory and written later")
        except Exception:  # noqa: BLE001 -- a record that cannot be formatted is the caller's mistake
            self.handleError(record)

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        message = message.rstrip("\n").replace("\r", "").replace("\n", "\n    ")
        text = f"{time} {record.levelname} {self._origin} {record.name}: {message}\n"
        return text.encode(errors="backslashreplace")

    def _write(self) -> None:
        if self._descriptor is None:
            with storage_errors("write", self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o666)
        while self._kept:
            with storage_errors("write", self._path):
                written = os.write(self._descriptor, self._kept[0])
            rest = self._kept.popleft()[written:]
            if rest:  # a disk that is nearly full takes a part
                self._kept.appendleft(rest)

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _say(text: str) -> None:
    """On the screen itself: the log is what does not work, nor does the screen, perhaps, where it
    is a file on the same disk.
    """
    if sys.__stderr__ is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.__stderr__.write(text + "\n")
            sys.__stderr__.flush()
