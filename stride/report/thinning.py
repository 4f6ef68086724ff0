"""Thinning: fewer points of a curve, chosen so that no spike is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence


def kept_points(x: Sequence[float], y: Sequence[float], buckets: int) -> list[int]:
    """The places of the points to keep, in order: the lowest and the highest of every bucket.

    Buckets are equally wide parts of the range of x. The first point and the last stay as well.
    Of a bucket that holds nothing but nan and infinities one point stays, so that the gap does.
    Where there are no more than twice as many points as buckets, all stay.

    Args:
        x: finite numbers, one a point.
        y: the values.
        buckets: at least 1.
    """
    count = len(x)
    if count <= 2 * buckets:
        return list(range(count))
    least = min(x)
    width = (max(x) - least) / buckets
    lowest: dict[int, int] = {}
    highest: dict[int, int] = {}
    gaps: dict[int, int] = {}
    for place in range(count):
        value = y[place]
        bucket = min(int((x[place] - least) / width), buckets - 1) if width > 0 else 0
        if not math.isfinite(value):
            gaps.setdefault(bucket, place)
            continue
        if bucket not in lowest or value < y[lowest[bucket]]:
            lowest[bucket] = place
        if bucket not in highest or value > y[highest[bucket]]:
            highest[bucket] = place
    alone = (place for bucket, place in gaps.items() if bucket not in lowest)
    return sorted({0, count - 1, *lowest.values(), *highest.values(), *alone})
