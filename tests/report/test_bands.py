"""A band is the mean of several curves, and how far they lie apart."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.report.bands import Spread, build_band
from stride.report.curves import Curve

ROWS = st.lists(st.lists(st.floats(-100, 100), min_size=5, max_size=5), min_size=1, max_size=4)


@given(ROWS)
def test_the_range_goes_from_the_least_to_the_largest(rows: list[list[float]]) -> None:
    band = build_band([Curve([0, 1, 2, 3, 4], row) for row in rows], Spread.RANGE)
    columns = list(zip(*rows, strict=True))
    assert band.low == [min(column) for column in columns]
    assert band.high == [max(column) for column in columns]
    assert band.mean == pytest.approx([statistics.fmean(column) for column in columns])
    assert band.counts == [len(rows)] * 5


def test_the_deviation_is_that_of_the_sample() -> None:
    band = build_band([Curve([0], [value]) for value in (1.0, 2.0, 6.0)], Spread.DEVIATION)
    deviation = statistics.stdev([1.0, 2.0, 6.0])
    assert (band.low, band.high) == ([3.0 - deviation], [3.0 + deviation])


def test_a_curve_counts_between_its_points_and_not_beyond_them() -> None:
    curves = [Curve([0, 2], [0.0, 2.0]), Curve([0, 1, 2, 3], [1.0] * 4), Curve([1], [4.0])]
    band = build_band(curves, Spread.RANGE)
    assert band.x == [0, 1, 2]
    assert band.mean == [0.5, 2.0, 1.5]
    assert band.counts == [2, 3, 2]


def test_beside_a_gap_a_curve_has_no_value() -> None:
    band = build_band(
        [Curve([0, 1, 2], [0.0, math.nan, 2.0]), Curve([0, 1.5], [1, 1])], Spread.RANGE
    )
    assert band.x == [0]
