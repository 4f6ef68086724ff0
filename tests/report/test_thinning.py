"""Thinning keeps the lowest and the highest of every stretch."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from stride.report.thinning import kept_points

NUMBERS = st.floats(-1e6, 1e6)
VALUES = NUMBERS | st.sampled_from([math.nan, math.inf, -math.inf])


@given(st.lists(st.tuples(NUMBERS, VALUES), max_size=200), st.integers(1, 20))
def test_the_lowest_and_highest_of_every_bucket_stay(
    points: list[tuple[float, float]], buckets: int
) -> None:
    points.sort(key=lambda point: point[0])
    x, y = [place for place, _ in points], [value for _, value in points]
    kept = kept_points(x, y, buckets)
    assert kept == sorted(set(kept))
    assert len(kept) <= 2 * buckets + 2
    if len(points) <= 2 * buckets:
        assert kept == list(range(len(points)))
        return
    assert {0, len(points) - 1} <= set(kept)
    width = (x[-1] - x[0]) / buckets
    inside: dict[int, list[int]] = {}
    for place, at in enumerate(x):
        bucket = min(int((at - x[0]) / width), buckets - 1) if width > 0 else 0
        inside.setdefault(bucket, []).append(place)
    for places in inside.values():
        finite = [y[place] for place in places if math.isfinite(y[place])]
        staying = [y[place] for place in places if place in set(kept)]
        if finite:
            assert {min(finite), max(finite)} <= set(staying)
        else:
            assert staying


def test_a_spike_of_one_among_a_million_stays() -> None:
    draw = random.Random(0)
    y = [draw.random() for _ in range(1_000_000)]
    y[654_321] = 50.0
    y[123_456] = -50.0
    kept = kept_points(list(map(float, range(1_000_000))), y, 80)
    assert {123_456, 654_321} <= set(kept)
    assert len(kept) <= 162
