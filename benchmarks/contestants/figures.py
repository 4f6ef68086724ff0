"""What a loop answers a round with: the seconds of its epoch, or its longest collection pause."""

from __future__ import annotations

import gc
import time
from abc import ABC, abstractmethod
from typing import Any, Literal


class Figure(ABC):
    """Is told of an epoch's begin, of the end of its steps and of its end."""

    @abstractmethod
    def begin(self) -> None:
        """The first step comes next."""

    def end_of_steps(self) -> None:  # noqa: B027  (only the pauses are those of the steps alone)
        """The last step is done."""

    @abstractmethod
    def end(self) -> float:
        """The epoch is over: the figure, in seconds."""


class Stopwatch(Figure):
    """The whole epoch."""

    def __init__(self) -> None:
        self._began = 0.0

    def begin(self) -> None:
        self._began = time.perf_counter()

    def end(self) -> float:
        return time.perf_counter() - self._began


class LongestPause(Figure):
    """The longest garbage collection between the first and the last step of an epoch.

    Args:
        objects: so many small dictionaries are alive meanwhile, as a data set of records holds
            them; each full collection walks through them.
    """

    def __init__(self, objects: int) -> None:
        self._alive = [{"number": [number]} for number in range(objects)]
        self._counts = False
        self._began: float | None = None
        self._longest = 0.0
        gc.callbacks.append(self._observe)

    def begin(self) -> None:
        self._longest = 0.0
        self._counts = True

    def end_of_steps(self) -> None:
        self._counts = False

    def end(self) -> float:
        return self._longest

    def _observe(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        elif self._began is not None and self._counts:
            self._longest = max(self._longest, now - self._began)


def figure_of(arguments: dict[str, Any]) -> Figure:
    """The one that the frame asked for: `pauses_among` objects, or the seconds."""
    among = arguments.get("pauses_among")
    return Stopwatch() if among is None else LongestPause(among)
