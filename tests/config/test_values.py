"""Texts read as the schema wants them."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from stride.config.overrides import Override, parse_override
from stride.config.schema_types import Count
from stride.config.validation import checked
from stride.config.values import read_text
from stride.errors import ConfigError


class Colour(enum.Enum):
    RED = "red"
    TWO = 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
TYPED = st.one_of(
    st.tuples(st.just(Any), JSON),
    st.tuples(st.just(str), st.text()),
    st.tuples(st.just(str | None), st.none() | st.text()),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(int | None), st.none() | st.integers()),
    st.tuples(st.just(float), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(int | str), st.integers() | st.text()),
    st.tuples(st.just(list[int]), st.lists(st.integers())),
    st.tuples(st.just(list[str]), st.lists(st.text())),
    st.tuples(st.just(list[str | None]), st.lists(st.none() | st.text())),
    st.tuples(st.just(list[list[int]]), st.lists(st.lists(st.integers()))),
    st.tuples(st.just(int | list[int]), st.integers() | st.lists(st.integers())),
    st.tuples(st.just(list[Any]), st.lists(JSON)),
    st.tuples(st.just(dict[str, Any]), st.dictionaries(st.text(), JSON)),
    st.tuples(st.just(Literal["a", "b", 1, None]), st.sampled_from(["a", "b", 1, None])),
)


def _text_of(value: Any, annotation: Any) -> str:
    """A text that `read_text` reads as the value; one that no shell touches where there is one."""
    plain = [value] if isinstance(value, str) else []
    if isinstance(value, list):
        plain = [",".join(item if isinstance(item, str) else json.dumps(item) for item in value)]
    whole = json.dumps(value, ensure_ascii=False)
    for text in [*plain, whole]:
        try:
            found = read_text(text, annotation, "")
        except ConfigError:
            continue
        if json.dumps(found) == json.dumps(value):
            return text
    return whole


@given(TYPED)
def test_any_value_has_a_text_that_is_read_as_the_same_value(typed: tuple[Any, Any]) -> None:
    annotation, value = typed
    text = str(Override(("a", "b"), _text_of(value, annotation)))
    found = checked(read_text(parse_override(text).text, annotation, "a.b"), annotation, "a.b")
    assert json.dumps(found) == json.dumps(value)


@given(st.text(), st.sampled_from([int, float, bool, str | None, list[int], dict[str, int], Any]))
def test_any_text_is_a_value_of_the_type_or_one_sentence(text: str, annotation: Any) -> None:
    try:
        value = checked(read_text(text, annotation, "a.b"), annotation, "a.b")
    except ConfigError as error:
        assert str(error).startswith("a.b")
    else:
        assert checked(value, annotation, "a.b") == value


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("3", str, "3"),
        ("true", str, "true"),
        ("None", str, "None"),
        ('"x"', str, '"x"'),
        ("3", str | None, "3"),
        ("null", str | None, None),
        ('"null"', str | None, "null"),
        (".5", float, 0.5),
        ("5.", float, 5.0),
        ("1", float, 1.0),
        ("+3", int, 3),
        ("64,64", list[int], [64, 64]),
        ("64, 64", list[int], [64, 64]),
        ("64,", list[int], [64]),
        ("[64]", list[int], [64]),
        ("", list[int], []),
        (".5,1", list[float], [0.5, 1.0]),
        ("a,b", list[str], ["a", "b"]),
        ("1,a", tuple[int, str], [1, "a"]),
        ("1,2", list[Any], [1, 2]),
        ("1,2", Any, "1,2"),
        ("3", int | list[int], 3),
        ("3,3", int | list[int], [3, 3]),
        ("same", int | str, "same"),
        ("1", int | str, 1),
        ("1", Literal[1, "a"], 1),
        ("a", Literal[1, "a"], "a"),
        ("red", Colour, "red"),
        ("2", Colour, 2),
        ("", dict[str, int], {}),
        ('{"a": 1}', dict[str, int], {"a": 1}),
        ("1e3", Any, 1000.0),
        ("hello", Any, "hello"),
        ("", Any, ""),
        ("'relu'", Any, "'relu'"),
        ("data/x.npz", Path, "data/x.npz"),
        ("2.5", Annotated[float, Field(gt=0)] | None, 2.5),
    ],
)
def test_the_schema_decides_between_readings(text: str, annotation: Any, value: Any) -> None:
    found = checked(read_text(text, annotation, "a.b"), annotation, "a.b")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "annotation", "sentence"),
    [
        ("True", bool, "a.b=True: write true, as JSON has it"),
        ("None", int | None, "a.b=None: write null, as JSON has it"),
        ("None", str | None, "a.b=None: write null, as JSON has it"),
        ("False", Any, "a.b=False: write false, as JSON has it"),
        ("yes", bool, 'a.b must be true or false, not "yes"'),
        ("1", bool, 'a.b must be true or false, not "1"'),
        ("true", int, 'a.b must be an integer, not "true"'),
        ("1.0", int, 'a.b must be an integer, not "1.0"'),
        ("1_000", int, 'a.b must be an integer, not "1_000"'),
        ("nan", float, "a.b must be a finite number, not nan"),
        ("-Infinity", float, "a.b must be a finite number, not -Infinity"),
        ("1e999", float, "a.b must be a finite number; 1e999 is too large"),
        ("1e999", Any, "a.b=1e999: the number 1e999 is too large"),
        ("NaN", Any, "a.b=NaN: NaN is not a number that JSON has"),
        ('{"a":1,"a":2}', Any, """a.b={"a":1,"a":2}: it has the key 'a' twice"""),
        ("0", Count, "a.b must be at least 1, not 0"),
        ("0", Count | None, "a.b must be at least 1, not 0"),
        ("x", Count | None, 'a.b must be an integer of at least 1 or null, not "x"'),
        ("1,x", list[int], 'a.b.1 must be an integer, not "x"'),
        ("1,,2", list[int], "a.b=1,,2 has an empty element between its commas"),
        ("1", tuple[float, float], "a.b must be a list of 2 numbers, not [1]"),
        ("steps", Literal["epoch", "step"], 'a.b must be "epoch" or "step", not "steps"'),
        ("3", dict[str, int], "a.b must be a mapping: write a.b.NAME=3"),
    ],
)
def test_a_text_that_does_not_fit_is_one_sentence(
    text: str, annotation: Any, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(read_text(text, annotation, "a.b"), annotation, "a.b")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "annotation", "reason"),
    [
        ("[64,", list[int], "brackets do not match"),
        ("[relu,tanh]", list[str], "taken its quotes away"),
        ("{a:1}", dict[str, int], "taken its quotes away"),
        ("{a:1}", Any, "taken its quotes away"),
        ('["a" "b"]', Any, "not valid JSON"),
        ("(1,2)", list[int], "single quotes"),
    ],
)
def test_what_a_shell_has_mangled_is_told_to_be_quoted(
    text: str, annotation: Any, reason: str
) -> None:
    with pytest.raises(ConfigError, match="put the whole argument in single quotes") as caught:
        read_text(text, annotation, "a.b")
    assert reason in str(caught.value)


def test_a_list_of_lists_is_not_guessed_from_commas() -> None:
    with pytest.raises(ConfigError, match=r"one element at a time, as in a\.b\.0="):
        read_text("1,2", list[list[int]], "a.b")
