"""What shows a training to the person who watches it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TextIO

from stride.training.callbacks import Callback
from stride.training.moments import Moment


class View(Callback):
    """A watcher with a screen: it shows lines, and what user code prints, as well.

    It is told moments like any callback, and never waits for the device.
    """

    draws_randomness = False

    @abstractmethod
    def line(self, text: str) -> None:
        """Show a line of its own."""

    @abstractmethod
    def write(self, stream: TextIO, text: str) -> None:
        """Show on a stream of the screen what user code printed, whole lines or parts of them."""

    @abstractmethod
    def end(self) -> None:
        """The training is over, however it ended; may be called twice, and before it was told."""


class PlainView(View):
    """Lines on a stream, for files and job scripts: the epoch lines are all there is.

    A stream that is gone (a closed pipe, a full disk) never ends the training.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def observe(self, moment: Moment) -> None:
        """Nothing: the log says it."""

    def line(self, text: str) -> None:
        """Write and flush the line."""
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    def write(self, stream: TextIO, text: str) -> None:
        """Straight to the stream."""
        stream.write(text)

    def end(self) -> None:
        """Nothing."""


class SilentView(View):
    """Shows nothing: `log_kwargs.progress=false`."""

    def observe(self, moment: Moment) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def write(self, stream: TextIO, text: str) -> None:
        """Straight to the stream."""
        stream.write(text)

    def end(self) -> None:
        """Nothing."""
