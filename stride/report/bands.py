"""A band: several curves that tell the same as one mean, and how far they lie apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stride.report.curves import Curve


class Spread(StrEnum):
    """What the band around the mean shows."""

    RANGE = "range"
    DEVIATION = "deviation"


@dataclass(frozen=True)
class Band:
    """A mean and what lies around it, a value a place.

    Attributes:
        low, high: of the range, the least and the largest value; of the deviation, the mean less
            and more one standard deviation of the sample (n - 1), 0 for a single value.
        counts: how many curves have a value there.
    """

    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    counts: list[int]


def build_band(curves: Sequence[Curve], spread: Spread) -> Band:
    """Put curves together at every place that one of them has.

    A curve has a value between two of its points too, on the line through them, but none beyond
    its ends and none beside a gap. Where half of the curves or fewer have one there is no place:
    the few that went on longest would make the mean jump.
    """
    places = sorted({place for curve in curves for place in curve.x})
    columns = [_values_at(curve, places) for curve in curves]
    band = Band([], [], [], [], [])
    for place, *values in zip(places, *columns, strict=True):
        known = [value for value in values if math.isfinite(value)]
        if 2 * len(known) <= len(curves):
            continue
        band.x.append(place)
        mean = statistics.fmean(known)
        low, high = mean, mean
        if spread is Spread.RANGE:
            low, high = min(known), max(known)
        elif len(known) > 1:
            deviation = statistics.stdev(known, mean)
            low, high = mean - deviation, mean + deviation
        band.mean.append(mean)
        band.low.append(low)
        band.high.append(high)
        band.counts.append(len(known))
    return band


def _values_at(curve: Curve, places: Sequence[float]) -> list[float]:
    """The value at each place, which go upward; nan where the curve has none."""
    points = sorted(zip(curve.x, curve.y, strict=True), key=lambda point: point[0])
    found = []
    after = 0
    for place in places:
        while after < len(points) and points[after][0] < place:
            after += 1
        if after < len(points) and points[after][0] == place:
            found.append(points[after][1])
        elif 0 < after < len(points):
            (x0, y0), (x1, y1) = points[after - 1], points[after]
            found.append(y0 + (y1 - y0) * (place - x0) / (x1 - x0))
        else:
            found.append(math.nan)
    return found
