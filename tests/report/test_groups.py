"""Runs that differ in nothing but the seed, as one."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.report.groups import config_columns, group_runs, sort_groups, summarize
from stride.store.index.column import MISSING
from stride.store.query.vocabulary import Vocabulary
from stride.store.selection import Selection
from tests.store.query.tables import build_table


def selection_of(rows: list[dict[str, Any]]) -> Selection:
    table = build_table(rows)
    places = [(0, row) for row in range(len(table))]
    return Selection([table], Vocabulary([table]), places, len(places))


def test_mean_and_sample_deviation_leave_out_what_is_no_number() -> None:
    found = summarize([1.0, MISSING, 2, math.nan, 6.0, None, "high", True])
    assert found is not None
    assert (found.count, found.mean, found.least, found.greatest) == (3, 3.0, 1.0, 6.0)
    assert found.spread == pytest.approx(math.sqrt(7))
    assert summarize([MISSING, math.nan]) is None
    one = summarize([0.5])
    assert one is not None
    assert one.spread is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_it_is_what_the_standard_library_says(numbers: list[float]) -> None:
    found = summarize(numbers)
    assert found is not None
    assert found.spread is not None
    assert found.mean == pytest.approx(statistics.fmean(numbers))
    assert found.spread == pytest.approx(statistics.stdev(numbers), abs=1e-6)


@given(st.lists(st.floats() | st.integers() | st.just(10**400) | st.just(-(10**400))))
def test_no_numbers_are_too_large(numbers: list[float]) -> None:
    found = summarize(numbers)
    assert (found is None) == all(number != number for number in numbers)


def test_all_that_can_change_a_result_divides_but_the_seed() -> None:
    rows: list[dict[str, Any]] = [
        {"config.lr": 1, "config.seed": 0, "config.device": "cpu"},
        {"config.lr": 1.0, "config.seed": 1, "config.device": "cuda"},
        {"config.lr": True, "config.seed": 0, "config.device": "cpu"},
        {"config.seed": 5, "config.device": "cpu"},
        {"config.lr": [1, 2], "config.seed": 0},
        {"config.lr": [1, 2.0], "config.seed": 0},
    ]
    selection = selection_of(rows)
    assert config_columns(selection) == ["config.lr"]
    groups = group_runs(selection, ["config.lr"], [])
    assert [[run.name for run in group.runs] for group in groups] == [
        ["0", "1"],
        ["2"],
        ["3"],
        ["4", "5"],
    ]
    assert [group.values["config.lr"] for group in groups] == [1, True, MISSING, [1, 2]]
    assert [group.seeds for group in groups] == [(0, 1), (0,), (5,), (0,)]
    assert [group.missing_seeds for group in groups] == [(5,), (1, 5), (0, 1), (1, 5)]


def test_groups_are_sorted_by_means_and_what_has_none_is_last() -> None:
    rows: list[dict[str, Any]] = [
        {"config.lr": 1, "metric.loss": 0.3},
        {"config.lr": 1, "metric.loss": 0.5},
        {"config.lr": 2, "metric.loss": 0.2},
        {"config.lr": 3},
        {"config.lr": 4, "metric.loss": 0.1},
    ]
    groups = group_runs(selection_of(rows), ["config.lr"], ["metric.loss"])

    def order(*keys: tuple[str, bool]) -> list[int]:
        return [group.values["config.lr"] for group in sort_groups(groups, keys)]

    assert order(("metric.loss", False)) == [4, 2, 1, 3]
    assert order(("metric.loss", True)) == [1, 2, 4, 3]
    assert order(("n", True)) == [1, 2, 3, 4]
    assert order(("n", False), ("config.lr", True)) == [4, 3, 2, 1]
