"""What a query is true of."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import same
from stride.errors import QueryError
from stride.store.index.column import MISSING, Column
from stride.store.index.run_table import RunTable
from stride.store.query.query import Query, true_of_all
from stride.store.query.tree import (
    And,
    Comparison,
    Condition,
    Contains,
    Is,
    Literal,
    Matches,
    Member,
    Name,
    Not,
    Or,
)
from stride.store.query.vocabulary import Vocabulary
from tests.store.query.tables import build_table, table_of

NOW = datetime(2026, 11, 20, 14, 27, tzinfo=UTC)


def found(query: str, *tables: RunTable) -> list[int]:
    """The rows, counted through all tables, of which the query is true."""
    places = true_of_all([Query.parse(query)], tables, Vocabulary(tables), NOW)
    before = [sum(map(len, tables[:index])) for index in range(len(tables))]
    return [before[index] + row for index, row in places]


def refusal(query: str, *tables: RunTable) -> str:
    with pytest.raises(QueryError) as caught:
        found(query, *tables)
    return str(caught.value)


RUNS = [
    {"metric.loss": 0.1, "config.lr": 1e-3, "config.model.name": "ResNet", "run.tags": ("a", "b")},
    {"metric.loss": 0.2, "config.lr": 1, "config.model.name": "MLP", "run.tags": ()},
    {"metric.loss": math.nan, "config.lr": None, "config.model.name": "MLP", "run.tags": ()},
    {"config.lr": 1.0, "config.model.name": "CNet", "config.dims": [64, 64], "run.tags": ("b",)},
]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("loss < 0.15", [0]),
        ("loss > 0.15", [1]),
        ("not loss > 0.15", [0]),  # neither nan nor what is missing
        ("loss == 0.1 or loss != 0.1", [0, 1]),
        ("loss is missing", [3]),
        ("loss is not missing", [0, 1, 2]),
        ("loss is nan", [2]),
        ("loss is not nan", [0, 1, 3]),
        ("loss < inf and loss > -inf", [0, 1]),
        ("lr == 1", [1, 3]),
        ("lr in [1, 1e-3]", [0, 1, 3]),
        ("lr not in [1]", [0, 2]),
        ("lr == null", [2]),
        ("lr != null", [0, 1, 3]),
        ("lr > 0", [0, 1, 3]),
        ("not lr > 1", [0, 1, 3]),
        ("lr != 1", [0, 2]),
        ("name == 'MLP'", []),  # the name of the run
        ("model.name == 'MLP'", [1, 2]),
        ("model.name ~ '^(?i)m'".replace("^(?i)", "(?i)^"), [1, 2]),
        ("model.name contains 'Net'", [0, 3]),
        ("not model.name contains 'Net'", [1, 2]),
        ("'b' in tags", [0, 3]),
        ("'b' not in tags", [1, 2]),
        ("tags ~ '^a'", [0]),
        ("tags is missing", [1, 2]),
        ("tags == ['a', 'b']", [0]),
        ("dims contains 64", [3]),
        ("dims == [64, 64]", [3]),
        ("dims == [64, 64.0]", [3]),
        ("dims in [[64], [64, 64]]", [3]),
        ("not (loss > 0.15 and lr == 1)", [0, 2]),
        ("loss > 0.15 or lr == 1", [1, 3]),
        ("number >= 2", [2, 3]),
        ("1 <= number < 3", [1, 2]),
        ("lr > loss", [1]),
        ("lr != loss", [0, 1]),
        ("number == number", [0, 1, 2, 3]),
        ("note is missing", [0, 1, 2, 3]),
        ("note ~ 'x'", []),
        ("lr in []", []),
    ],
)
def test_a_query_is_true_of_these(query: str, rows: list[int]) -> None:
    assert found(query, build_table(RUNS)) == rows


def test_several_tables_are_asked_at_once() -> None:
    first, second = build_table(RUNS[:2]), build_table([{"config.lr": 1}, {"metric.other": 3.0}])
    assert found("lr == 1", first, second) == [1, 2]
    assert found("other == 3", first, second) == [3]
    assert found("other is missing", first, second) == [0, 1, 2]


def test_moments_and_durations_are_compared_as_such() -> None:
    ages = [0.5, 13, 30, 24 * 5]
    rows: list[dict[str, Any]] = [
        {
            "run.created": (NOW - timedelta(hours=age)).isoformat().replace("+00:00", "Z"),
            "run.seconds": age * 3600,
        }
        for age in ages
    ]
    rows.append({"run.created": "once upon a time"})
    runs = build_table(rows)
    assert found("created > '2 days ago'", runs) == [0, 1, 2]
    assert found("created < '2 days ago'", runs) == [3]
    assert found("not created < '2 days ago'", runs) == [0, 1, 2]
    assert found("created == 'today'", runs) == [0, 1]
    assert found("created in ['yesterday', '2026-11-15']", runs) == [2, 3]
    assert found("created != 2026-11-20", runs) == [2, 3]
    assert found("created >= '2026-11-20 14:00'", runs) == []
    assert found("created < '2026-11-20T13:58Z'", runs) == [0, 1, 2, 3]
    assert found("created ~ '^2026-11-2'", runs) == [0, 1]
    assert found("seconds > 2h", runs) == [1, 2, 3]
    assert found("seconds <= '1 day 6 hours'", runs) == [0, 1, 2]
    assert found("seconds == 1800", runs) == [0]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "loss > 'abc'",
            "loss is a number and cannot be compared with a text, 'abc' "
            "(character 8 of the query: 'abc')",
        ),
        ("lr == true", "lr is a number and cannot be compared with a boolean, true"),
        ("model.name == 3", "model.name is a text and cannot be compared with a number, 3"),
        ("model.name in [1, 2]", "model.name is a text and cannot be one of [1, 2]"),
        ("lr contains 3", "lr is a number and cannot contain 3"),
        ("lr ~ '1'", "lr is a number and cannot match '1'"),
        ("lr > model.name", "lr is a number and cannot be compared with config.model.name"),
        ("tags == 'a'", "tags is a list and cannot be compared with a text, 'a'; write 'paper' in"),
        ("name == 3", "name is a text and cannot be compared with a number, 3; write number"),
        ("created > 'soon'", "'soon' is no moment; give one: '2026-11-01', "),
        ("created > '2 days'", "'2 days' is no moment; give one, as in '2 days ago' (character 11"),
        ("created > 3", "created is a text and cannot be compared with a number, 3"),
        ("seconds > 'long'", "'long' is no duration; give seconds, or '90s', '2h'"),
        ("status == 'complete'", "there is no status 'complete'; did you mean 'completed'?"),
        ("status in ['done']", "there is no status 'done'; there are created, running, "),
        ("los > 3", "no run has los; did you mean loss? (character 1 of the query: los > 3)"),
        ("loss < 1 and config.loss > 3", "no run has config.loss"),
        ("epoch > 'x' or step == 1", "nothing"),
    ],
)
def test_what_no_run_could_answer_is_one_sentence(query: str, sentence: str) -> None:
    if sentence == "nothing":  # no run has an epoch: nothing is known of its kind
        assert found(query, build_table(RUNS)) == []
    else:
        assert refusal(query, build_table(RUNS)).startswith(sentence)


def test_a_metric_of_the_name_of_a_run_field_is_pointed_at() -> None:
    runs = build_table([{"run.error": "ValueError: x", "metric.error": 0.1}])
    assert "; the metric is metric.error" in refusal("error < 0.2", runs)
    assert found("metric.error < 0.2", runs) == [0]


def test_values_that_no_run_has_any_more_say_nothing_of_a_kind() -> None:
    codes = {"run.number": Column([1], [MISSING, 0]), "config.lr": Column([0], [MISSING, 0.1])}
    assert found("lr == 'fast'", table_of(codes, ["0"])) == []


NAMES = ("metric.loss", "config.lr", "config.dims", "run.tags", "run.note")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.5, 1.0, -2.0, math.inf, -math.inf, "a", "ab", "", "1"])
)
cells = scalars | st.just(math.nan) | st.lists(scalars, max_size=2)
rows_of_cells = st.lists(st.dictionaries(st.sampled_from(NAMES), cells), max_size=8)
literals = (scalars | st.lists(scalars, max_size=2).map(tuple)).map(Literal)
names = st.sampled_from(NAMES).map(Name)
ordered = st.sampled_from([-1, 0, 1, 0.5, math.inf, "a", "b"]).map(Literal)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Comparison, names, st.sampled_from(["==", "!="]), names | literals)
    | st.builds(Comparison, names, st.sampled_from(["<", "<=", ">", ">="]), names | ordered)
    | st.builds(Member, names, st.lists(scalars, max_size=3).map(tuple))
    | st.builds(Contains, names, literals)
    | st.builds(Matches, names, st.sampled_from(["a", "^b", "1$"]).map(Literal))
    | st.builds(Is, names, st.sampled_from(["missing", "nan"])),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=6,
)


@given(rows_of_cells, rows_of_cells, conditions)
def test_columns_give_what_asking_row_by_row_gives(
    first: list[dict[str, Any]], second: list[dict[str, Any]], condition: Condition
) -> None:
    try:
        rows = found(str(condition), build_table(first), build_table(second))
    except QueryError as error:
        assert "cannot" in str(error) or "no run has" in str(error)
    else:
        cells = [*first, *second]
        assert rows == [row for row, of in enumerate(cells) if by_hand(condition, of) is True]


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def by_hand(condition: Condition, run: Mapping[str, Any]) -> bool | None:
    """Three-valued logic in words: None where it cannot be told."""
    match condition:
        case Not(inner):
            said = by_hand(inner, run)
            return None if said is None else not said
        case And(parts):
            all_said = [by_hand(part, run) for part in parts]
            return False if False in all_said else None if None in all_said else True
        case Or(parts):
            all_said = [by_hand(part, run) for part in parts]
            return True if True in all_said else None if None in all_said else False
    name = condition.name.text
    value = run.get(name, MISSING)
    there = value is not MISSING
    nan = isinstance(value, float) and math.isnan(value)
    match condition:
        case Is(_, "nan"):
            return nan
        case Is():
            return not there or (name == "run.tags" and value == ())
        case _ if not there or nan:
            return None
        case Comparison(_, sign, Name(text)):
            other = run.get(text, MISSING)
            return None if other is MISSING else compared(value, sign, other)
        case Comparison(_, sign, Literal(other)):
            return compared(value, sign, other)
        case Member(_, others):
            return any(same(as_lists(value), as_lists(other)) for other in others)
        case Contains(_, Literal(part)):
            if isinstance(value, str):
                return part in value if isinstance(part, str) else None
            return (
                any(same(item, as_lists(part)) for item in value)
                if isinstance(value, list)
                else None
            )
        case Matches(_, Literal(pattern)):
            texts = [value] if isinstance(value, str) else value
            if not isinstance(texts, Sequence):
                return None
            return any(isinstance(each, str) and bool(re.search(pattern, each)) for each in texts)
    raise AssertionError


def compared(value: Any, sign: str, other: Any) -> bool | None:
    if isinstance(other, float) and math.isnan(other):
        return None
    if sign in ("==", "!="):
        return same(as_lists(value), as_lists(other)) == (sign == "==")
    for kind in (str, (int, float)):
        if all(isinstance(each, kind) and not isinstance(each, bool) for each in (value, other)):
            return OPERATORS[sign](value, other)
    return None


def as_lists(value: Any) -> Any:
    return [as_lists(item) for item in value] if isinstance(value, list | tuple) else value


words = st.sampled_from(
    ["and", "or", "not", "in", "is", "missing", "contains", "(", ")", "[", "]", ",", "==", "<"]
)
things = st.sampled_from(
    ["loss", "lr", "created", "seconds", "status", "tags", "'2 days ago'", "2h", "'x'", "1", "~"]
)


@given(st.lists(words | things, max_size=8).map(" ".join))
def test_any_text_asked_of_runs_is_answered_or_refused_in_one_sentence(text: str) -> None:
    runs = build_table([*RUNS, {"run.created": "2026-11-20T00:00:00Z", "run.seconds": 3.5}])
    try:
        assert set(found(text, runs)) <= set(range(5))
    except QueryError as error:
        assert "\n" not in str(error)
