"""Smoothing is TensorBoard's."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import UsageError
from stride.report.smoothing import smoothed

WEIGHTS = st.floats(0, 0.999)


@given(st.floats(-1e9, 1e9), st.integers(0, 50), WEIGHTS)
def test_what_is_constant_stays_constant(value: float, count: int, weight: float) -> None:
    assert smoothed([value] * count, weight) == pytest.approx([value] * count, rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), WEIGHTS)
def test_an_average_lies_among_what_it_averages(values: list[float], weight: float) -> None:
    room = 1e-9 * max(map(abs, values)) + 1e-12
    for place, value in enumerate(smoothed(values, weight)):
        seen = values[: place + 1]
        assert min(seen) - room <= value <= max(seen) + room


def test_the_formula_is_that_of_the_documentation() -> None:
    first = 2.0
    second = (0.6 * (0.4 * 2.0) + 0.4 * 5.0) / (1 - 0.6**2)
    assert smoothed([2.0, 5.0], 0.6) == pytest.approx([first, second])


def test_what_is_not_finite_stays_and_enters_no_average() -> None:
    found = smoothed([1.0, math.nan, 1.0, math.inf, 1.0], 0.9)
    assert math.isnan(found[1])
    assert found[3] == math.inf
    assert found[::2] == pytest.approx([1.0, 1.0, 1.0])


def test_no_weight_changes_nothing() -> None:
    assert smoothed([3.0, 1.0], 0) == [3.0, 1.0]


@pytest.mark.parametrize("weight", [1.0, -0.1, math.nan])
def test_another_weight_is_refused(weight: float) -> None:
    with pytest.raises(UsageError, match="from 0 to below 1"):
        smoothed([], weight)
