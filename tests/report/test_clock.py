"""A clock tells the epoch or the seconds at a step."""

from __future__ import annotations

import math

import pytest

from stride.report.clock import added_up, build_clock


def test_time_runs_evenly_between_what_is_known_and_goes_on_as_fast() -> None:
    clock = build_clock([(10.0, 1.0), (20.0, 2.0), (40.0, 3.0)])
    assert [clock.at(step) for step in (0, 5, 10, 30, 50)] == [0.0, 0.5, 1.0, 2.5, 3.5]


def test_pairs_that_do_not_go_upward_are_left_out() -> None:
    clock = build_clock([(10.0, 1.0), (5.0, 2.0), (None, 3.0), (20.0, math.nan), (30.0, 2.0)])
    assert (list(clock.steps), list(clock.readings)) == ([0.0, 10.0, 30.0], [0.0, 1.0, 2.0])


def test_an_empty_clock_tells_nothing() -> None:
    assert build_clock([]).at(3) is None


def test_sums_leave_out_what_is_no_number() -> None:
    assert added_up([1.0, None, math.nan, 2.0]) == [1.0, None, None, pytest.approx(3.0)]
