"""A rehearsed preemption: a training that sends itself the signal of a scheduler, once."""

from __future__ import annotations

import os
import signal
from typing import TextIO

from stride.training.callbacks import StopRequest
from stride.training.moments import FitBegins, Moment
from stride.training.view import View


class Rehearsal(View):
    """Shows what another view shows, and sends SIGTERM to this process when the training begins: it
    stops at the edge of its first step, where there is something to go on from.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    def observe(self, moment: Moment) -> StopRequest | None:
        """Show the moment; at the first, be a scheduler."""
        answer = self._view.observe(moment)
        if isinstance(moment, FitBegins):
            os.kill(os.getpid(), signal.SIGTERM)
        return answer

    def line(self, text: str) -> None:
        """Show a line of its own."""
        self._view.line(text)

    def write(self, stream: TextIO, text: str) -> None:
        """Show what user code prints."""
        self._view.write(stream, text)

    def end(self) -> None:
        """Leave the screen as it was."""
        self._view.end()
