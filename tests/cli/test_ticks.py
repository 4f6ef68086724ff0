"""Ticks are few round numbers, and their texts tell them apart."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.cli.ticks import Axis, axis_around, tick_texts, ticks

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(1e-300, 1e300)


@given(st.lists(FINITE, min_size=1), st.integers(2, 12))
def test_ticks_of_any_values_lie_on_the_axis(values: list[float], most: int) -> None:
    axis = axis_around(values)
    found = ticks(axis, most)
    assert len(found) <= most
    assert found == sorted(found)
    for value in found:
        assert -0.01 <= axis.at(value) <= 1.01
    assert len(tick_texts(found)) == len(found)


@given(st.lists(POSITIVE, min_size=1), st.integers(2, 12))
def test_ticks_of_a_logarithmic_axis_too(values: list[float], most: int) -> None:
    axis = axis_around(values, log=True)
    found = ticks(axis, most)
    assert 0 < len(found) <= most
    for value in found:
        assert -0.01 <= axis.at(value) <= 1.01


@pytest.mark.parametrize(
    ("low", "high", "log", "texts"),
    [
        (0.0, 1.0, False, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.013, 0.0171, False, ["0.013", "0.014", "0.015", "0.016", "0.017"]),
        (0, 40_000, False, ["0", "10,000", "20,000", "30,000", "40,000"]),
        (0, 6e7, False, ["0", "1e7", "2e7", "3e7", "4e7", "5e7", "6e7"]),
        (0.02, 2.0, True, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]),
        (1e-8, 1.0, True, ["1e-8", "1e-6", "1e-4", "0.01", "1"]),
    ],
)
def test_the_texts_are_short(low: float, high: float, log: bool, texts: list[str]) -> None:
    assert tick_texts(ticks(Axis(low, high, log), 7), log=log) == texts


def test_what_is_counted_has_whole_ticks() -> None:
    assert ticks(Axis(1, 3), 9, whole=True) == [1, 2, 3]


def test_one_value_stands_in_the_middle() -> None:
    assert axis_around([3.0]).at(3.0) == pytest.approx(0.5)
    assert axis_around([3.0], log=True).at(3.0) == pytest.approx(0.5)
    assert axis_around([0.0]).at(0.0) == pytest.approx(0.5)


def test_neighbouring_floats_have_a_logarithmic_axis() -> None:
    low = 0.1
    axis = axis_around([low, math.nextafter(low, 1.0)], log=True)
    assert axis.at(low) == pytest.approx(0.5)
