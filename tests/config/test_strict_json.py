"""Strict JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.strict_json import BadJsonError, NotJsonError, read_strict_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_any_value_written_is_read_again(value: Any) -> None:
    assert read_strict_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "[1e999]", '{"a": {"b": 1, "b": 1}}', "[" * 99999, "9" * 9999]
)
def test_what_could_mislead_is_refused(text: str) -> None:
    with pytest.raises(BadJsonError):
        read_strict_json(text)


@pytest.mark.parametrize("text", ["", "a", "[1,", "{'a': 1}", "01", "1 2", "nan", "True"])
def test_what_is_no_json_is_told_apart(text: str) -> None:
    with pytest.raises(NotJsonError):
        read_strict_json(text)
