"""What shows a training to the person who watches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Plan:
    """How long a training will be: steps in an epoch, steps in all, samples in a step."""

    max_epochs: int
    steps_an_epoch: int
    steps: int
    samples_a_step: float


class View(ABC):
    """A watcher of the loop. It is given numbers that were read already, and never waits for the
    device.
    """

    @abstractmethod
    def begin(self, plan: Plan) -> None:
        """The training begins."""

    @abstractmethod
    def advance(self, step: int, epoch: int, loss: float | None) -> None:
        """That many steps are done; `loss` is the mean of the last ones, None where it was not read
        yet.
        """

    @abstractmethod
    def line(self, text: str) -> None:
        """Show a line of its own."""

    @abstractmethod
    def write(self, stream: TextIO, text: str) -> None:
        """Show on a stream of the screen what user code printed, whole lines or parts of them."""

    @abstractmethod
    def end(self) -> None:
        """The training is over, however it ended; may be called twice."""


class PlainView(View):
    """Lines on a stream, for files and job scripts: the epoch lines are all there is.

    A stream that is gone (a closed pipe, a full disk) never ends the training.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, plan: Plan) -> None:
        """Nothing: the log says it."""

    def advance(self, step: int, epoch: int, loss: float | None) -> None:
        """Nothing between epochs."""

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

    def begin(self, plan: Plan) -> None:
        """Nothing."""

    def advance(self, step: int, epoch: int, loss: float | None) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def write(self, stream: TextIO, text: str) -> None:
        """Straight to the stream."""
        stream.write(text)

    def end(self) -> None:
        """Nothing."""
