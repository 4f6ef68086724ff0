"""Ticks: round numbers along an axis, and their texts."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """A range of numbers that is drawn; `at` tells how far along it a number lies.

    Attributes:
        low, high: its ends, low below high; both above 0 where it is logarithmic.
        log: whether equal ratios, not equal differences, are equally far apart.
    """

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """From 0 at the low end to 1 at the high one."""
        if self.log:
            span = math.log(self.high) - math.log(self.low)
            return (math.log(value) - math.log(self.low)) / span
        half = self.high / 2 - self.low / 2  # a whole difference may be beyond the largest float
        return (value / 2 - self.low / 2) / half


def axis_around(values: Sequence[float], *, log: bool = False) -> Axis:
    """The axis on which all values lie; one value alone stands in its middle."""
    low, high = min(values), max(values)
    if low < high and not (log and math.log(low) == math.log(high)):  # as neighbouring floats may
        return Axis(low, high, log)
    most = sys.float_info.max
    if log:
        return Axis(low / 2 or low, min(high * 2, most), log)
    margin = abs(low) / 10 or 1.0
    return Axis(max(low - margin, -most), min(high + margin, most))


def ticks(axis: Axis, most: int, *, whole: bool = False) -> list[float]:
    """At most so many round numbers on the axis, upward; `whole` for what is counted."""
    if axis.log:
        return _log_ticks(axis, most)
    span = axis.high - axis.low
    step = max(_round_step(span / max(most - 1, 1)), 1.0 if whole else 0.0)
    places = max(abs(axis.low), abs(axis.high)) / step if 0 < step < math.inf else math.inf
    if places > 1e12:  # neighbouring floats, or a range beyond the largest
        return [axis.low, axis.high][:most]
    while True:
        first = math.ceil(axis.low / step - 1e-9)
        last = math.floor(axis.high / step + 1e-9)
        if last - first < most:
            return [place * step for place in range(first, last + 1)]
        step = _round_step(step * 1.5)


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is no smaller; else 0 or infinite."""
    if not 1e-300 < least < 1e300:
        return math.inf if least > 1 else 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((f * power for f in (1.0, 2.0, 2.5, 5.0) if f * power >= least * 0.999), 10 * power)


def _log_ticks(axis: Axis, most: int) -> list[float]:
    """Powers of ten, as many as fit; 1, 2 and 5 times a power where there are few."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    found: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [float(f"{factor}e{power}") for power in powers for factor in factors]
        found = [value for value in found if axis.low <= value <= axis.high]
        if 1 < len(found) <= most:
            return found
    if len(found) < 2:
        return [axis.low, axis.high]
    every = math.ceil(len(found) / max(most, 1))
    return found[::every]


def tick_texts(values: Sequence[float], *, log: bool = False) -> list[str]:
    """The texts, with as many decimals as tell neighbours apart; by ratios each has its own."""
    largest = max((abs(value) for value in values), default=0.0)
    if log:
        return [f"{value:g}" if 1e-3 <= value < 1e5 else _short(value) for value in values]
    if largest and not 1e-4 <= largest < 1e6:
        return [_short(value) for value in values]
    for decimals in range(7):
        both = [(f"{value:.{decimals}f}", value) for value in values]
        if all(math.isclose(float(t), v, rel_tol=1e-6, abs_tol=largest * 1e-6) for t, v in both):
            zero = f"{0:.{decimals}f}"
            return [f"{v:,.{decimals}f}" if float(text) else zero for text, v in both]
    return [_short(value) for value in values]


def _short(value: float) -> str:
    """With an exponent, as `2.5e-4`."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}" if value else "0"
