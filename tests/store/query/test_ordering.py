"""The order of runs."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import QueryError
from stride.store.query.ordering import SortKey, parse_sort, read_order
from stride.store.query.vocabulary import Vocabulary
from tests.store.query.tables import build_table


def ordered(rows: list[dict[str, Any]], *keys: str) -> list[int]:
    tables = [build_table(rows)]
    order = read_order(parse_sort(keys), tables, Vocabulary(tables))
    return [row for _, row in order.sort([(0, row) for row in range(len(rows))], tables)]


LOSSES: list[dict[str, Any]] = [
    {"metric.loss": 0.3, "config.lr": 1},
    {"config.lr": 1},
    {"metric.loss": math.nan, "config.lr": 0.1},
    {"metric.loss": 0.1, "config.lr": None},
    {"metric.loss": 0.2, "config.lr": 0.1},
    {"metric.loss": 0.1, "config.lr": "auto"},
]


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        (["loss"], [3, 5, 4, 0, 1, 2]),
        (["-loss"], [0, 4, 3, 5, 1, 2]),
        (["loss:desc"], [0, 4, 3, 5, 1, 2]),
        (["loss:asc"], [3, 5, 4, 0, 1, 2]),
        (["-loss:desc"], [3, 5, 4, 0, 1, 2]),
        (["lr,-loss"], [4, 2, 0, 1, 5, 3]),
        (["lr", "-loss"], [4, 2, 0, 1, 5, 3]),
        (["-lr,loss"], [5, 0, 1, 4, 2, 3]),
        (["`loss`"], [3, 5, 4, 0, 1, 2]),
        ([], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_missing_and_nan_are_last_in_either_direction_and_the_rest_is_stable(
    keys: list[str], rows: list[int]
) -> None:
    assert ordered(LOSSES, *keys) == rows


def test_best_goes_from_the_best_whichever_direction_that_is() -> None:
    for mode, rows in (("min", [1, 0, 2]), ("max", [0, 1, 2])):
        runs = [
            {"run.monitor": "score", "run.mode": mode, "best.score": 2},
            {"run.monitor": "score", "run.mode": mode, "best.score": 1},
            {},
        ]
        assert ordered(runs, "best") == ordered(runs, "best:score") == rows
        assert ordered(runs, "-best") == [*reversed(rows[:2]), 2]


def test_several_monitors_are_listed() -> None:
    runs: list[dict[str, Any]] = [
        {"run.monitor": name, "run.mode": "min", f"best.{name}": 1.0} for name in ("loss", "error")
    ]
    with pytest.raises(QueryError, match=r"several monitors; write one of best:error, best:loss"):
        ordered(runs, "best")
    assert ordered(runs, "best:error") == [1, 0]
    with pytest.raises(QueryError, match="no run has the monitor los; did you mean loss"):
        ordered(runs, "best:los")


def test_best_goes_by_a_metric_that_is_no_monitor_where_its_name_tells_which_way() -> None:
    runs: list[dict[str, Any]] = [
        {"metric.val_loss": loss, "metric.val_accuracy": 1 - loss, "metric.speed": 3.0}
        for loss in (0.3, 0.1, 0.2)
    ]
    assert ordered(runs, "best:val_loss") == ordered(runs, "best:val_accuracy") == [1, 2, 0]
    with pytest.raises(QueryError, match="whether it is better small or large is not known"):
        ordered(runs, "best:speed")


def test_several_tables_are_one_order() -> None:
    tables = [build_table(LOSSES[:2]), build_table([{"metric.loss": 0.2}]), build_table([{}])]
    order = read_order([SortKey("loss")], tables, Vocabulary(tables))
    places = [(0, 0), (0, 1), (1, 0), (2, 0)]
    assert order.sort(places, tables) == [(1, 0), (0, 0), (0, 1), (2, 0)]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "a sort key is empty"),
        ("loss,", "a sort key is empty"),
        ("-", "a sort key is empty"),
        ("los", "no run has los; did you mean loss?"),
        ("best", "no run has a best value by a monitor yet"),
    ],
)
def test_a_key_that_is_none_is_one_sentence(key: str, sentence: str) -> None:
    with pytest.raises(QueryError) as caught:
        ordered(LOSSES, key)
    assert str(caught.value).startswith(sentence)


cells = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2)


@given(st.lists(st.dictionaries(st.just("metric.loss"), cells | st.lists(cells, max_size=2))))
def test_any_values_have_an_order_and_its_reverse(rows: list[dict[str, Any]]) -> None:
    if any(rows):
        upward, downward = ordered(rows, "loss"), ordered(rows, "-loss")
        assert sorted(upward) == sorted(downward) == [*range(len(rows))]
        numbers = [
            rows[row]["metric.loss"]
            for row in upward
            if type(rows[row].get("metric.loss")) in (int, float)
            and rows[row]["metric.loss"] == rows[row]["metric.loss"]
        ]
        assert numbers == sorted(numbers)
