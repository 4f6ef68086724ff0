"""Values that a config may hold."""

from __future__ import annotations

import datetime
import enum
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.json_value import as_json
from stride.errors import ConfigError


class Number(int):
    """An integer of another class, as those of numpy are."""


class Colour(enum.Enum):
    RED = "red"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=9,
)  # fmt: skip


@given(VALUES)
def test_json_stays_as_it_is(value: Any) -> None:
    found = as_json(value, "a")
    assert json.dumps(found) == json.dumps(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        (Path("a/b"), "a/b"),
        (Colour.RED, "red"),
        ({"a": (Number(3), True)}, {"a": [3, True]}),
    ],
)
def test_what_has_a_json_form_takes_it(value: Any, plain: Any) -> None:
    assert json.dumps(as_json(value, "a")) == json.dumps(plain)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "a must be a finite number, not nan"),
        ({"b": [1, float("inf")]}, "a.b.1 must be a finite number, not inf"),
        ({1, 2}, "a is of type set"),
        (datetime.date(2020, 1, 1), "a is of type date"),
        ({"b": {3: 1}}, "a.b has the key 3"),
        ({"": 1}, "a has the key ''"),
        (2**63, "a is too large an integer"),
        ("\ud800", "a is not valid UTF-8 text"),
        (["x\0"], "a.0 has a NUL character"),
        (print, "a is of type builtin_function_or_method"),
    ],
)
def test_what_no_json_holds_is_one_sentence(value: Any, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        as_json(value, "a")
    assert str(caught.value).startswith(reason)
