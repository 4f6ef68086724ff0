"""The clock of a run: at which epoch, and after how many seconds of training, a step was made."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """Known pairs of step and reading, upward; between them time runs evenly.

    Attributes:
        steps: each larger than the one before.
        readings: epochs, or seconds, at these steps.
    """

    steps: Sequence[float]
    readings: Sequence[float]

    def at(self, step: float) -> float | None:
        """The reading at a step; beyond the last pair it goes on as fast as before; None if there
        are not two pairs.
        """
        if len(self.steps) < 2:
            return None
        after = min(max(bisect_right(self.steps, step), 1), len(self.steps) - 1)
        first, last = self.steps[after - 1], self.steps[after]
        share = (step - first) / (last - first)
        return self.readings[after - 1] + share * (self.readings[after] - self.readings[after - 1])


def build_clock(pairs: Iterable[tuple[float | None, float | None]]) -> Clock:
    """A clock that begins at step 0 with the reading 0; pairs that do not go upward are left out.

    Args:
        pairs: step and reading, as a table has them.
    """
    steps, readings = [0.0], [0.0]
    for step, reading in pairs:
        if step is None or reading is None or not math.isfinite(step + reading):
            continue
        if step > steps[-1] and reading >= readings[-1]:
            steps.append(step)
            readings.append(reading)
    return Clock(steps, readings)


def added_up(values: Iterable[float | None]) -> list[float | None]:
    """The sums so far; None where there is no number."""
    sums: list[float | None] = []
    total = 0.0
    for value in values:
        known = value is not None and math.isfinite(value)
        total += value if known and value is not None else 0.0
        sums.append(total if known else None)
    return sums
