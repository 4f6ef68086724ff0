"""What user code prints: on the screen as before, and in the log."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Iterable
from typing import Any, TextIO

from stride.training.run_log import RunLog
from stride.training.view import View


class Tee(io.TextIOBase):
    """A stream in the place of sys.stdout or sys.stderr.

    Whole lines go to the log as records of the stream's name; a line that is drawn over and over
    with carriage returns is logged as it stands when it ends.
    """

    def __init__(self, stream: TextIO, log: RunLog, name: str, view: View) -> None:
        super().__init__()
        self.stream = stream
        self._view = view
        self._pid = os.getpid()
        self._log = log
        self._name = name
        self._begun = ""
        self._logging = threading.local()

    def write(self, text: str) -> int:
        """Write to the screen, and keep for the log."""
        if os.getpid() == self._pid:
            self._view.write(self.stream, text)
        else:  # a worker that was forked off: the view is not its own
            self.stream.write(text)
        if not getattr(self._logging, "busy", False):
            self._logging.busy = True
            try:
                *lines, self._begun = (self._begun + text).split("\n")
                self._begun = self._begun[self._begun.rfind("\r", 0, -1) + 1 :]
                self._keep(lines)
            finally:
                self._logging.busy = False
        return len(text)

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def finish(self) -> None:
        """Log what was printed without a newline at the end."""
        self._keep([self._begun])
        self._begun = ""

    def flush(self) -> None:
        """Flush the screen."""
        self.stream.flush()

    def isatty(self) -> bool:
        """As the screen."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """As the screen; what is written there directly is not seen by the log."""
        return self.stream.fileno()

    def writable(self) -> bool:
        """It is."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the screen."""
        return self.stream.encoding

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            text = line.rstrip("\r").rpartition("\r")[2].rstrip()
            if text:
                record = logging.LogRecord(self._name, logging.INFO, "", 0, text, None, None)
                self._log.handle(record)
