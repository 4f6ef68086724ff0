"""What a checkpoint costs the steps of a training, seen from the begins of its steps alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Protocol

_QUIET_STEPS = 5  # between the begin of a round and its checkpoint, at the least


class Rounds(Protocol):
    """What `line.Line` offers."""

    def wait(self) -> bool:
        """Block until the next round; False when there is none."""

    def answer(self, seconds: float) -> None:
        """Give the figure of the round."""


class StallWatch:
    """Is told of the begin of each step; a round holds quiet steps, a checkpoint, and more steps.

    The time from the begin of a step to that of the next is a gap. The stall is the gap with the
    checkpoint in it, less the median of the quiet ones. All that it costs is the sum of the gaps
    from there until the checkpoint is written, less as many medians.

    Args:
        every: a checkpoint comes after each step whose number is a multiple of it.
        steps_after: so many steps after the checkpoint belong to the round, at the least.
        written: whether the checkpoint of a step is written; the round lasts until then.
        in_all: answer with all that it costs, not with the stall.
        clock: gives seconds.

    Raises:
        ValueError: checkpoints follow each other too closely to be told apart.
    """

    def __init__(
        self,
        line: Rounds,
        *,
        every: int,
        steps_after: int,
        written: Callable[[int], bool],
        in_all: bool,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if every < _QUIET_STEPS + steps_after:
            raise ValueError(f"{every} steps hold no round")
        self._line = line
        self._every = every
        self._steps_after = steps_after
        self._written = written
        self._in_all = in_all
        self._clock = clock
        self._step = 0
        self._began = 0.0
        self._quiet: list[float] = []
        self._after: list[float] = []  # the first is the gap with the checkpoint in it

    def step_begins(self) -> None:
        """The next step begins now.

        Raises:
            KeyboardInterrupt: there is no further round.
        """
        gap = self._clock() - self._began
        if self._step == 0:
            self._wait()
        elif self._after or (
            self._step % self._every == 0 and len(self._quiet) >= _QUIET_STEPS - 1
        ):
            self._after.append(gap)
            saved = self._step - len(self._after) + 1
            if len(self._after) > self._steps_after and self._written(saved):
                self._line.answer(self._figure())
                self._quiet.clear()
                self._after.clear()
                self._wait()
        else:
            self._quiet.append(gap)
        self._step += 1
        self._began = self._clock()

    def _figure(self) -> float:
        usual = statistics.median(self._quiet)
        if self._in_all:
            return sum(self._after) - len(self._after) * usual
        return self._after[0] - usual

    def _wait(self) -> None:
        if not self._line.wait():
            raise KeyboardInterrupt
