"""Elements and entries inside a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.elements import merged, with_element
from stride.errors import ConfigError

TREES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=9
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES)


@given(MAPPINGS)
def test_merging_a_mapping_with_itself_or_with_nothing_changes_nothing(tree: Any) -> None:
    assert merged(tree, tree) == tree
    assert merged(tree, {}) == tree
    assert merged({}, tree) == tree


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_what_is_merged_last_is_found_again(one: Any, two: Any, three: Any) -> None:
    whole = merged(merged(one, two), three)
    assert merged(whole, three) == whole
    assert set(whole) == {*one, *two, *three}


def test_lists_replace_each_other() -> None:
    assert merged({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}
    assert merged({"a": {"b": 1}}, {"a": None}) == {"a": None}


@pytest.mark.parametrize(
    ("base", "annotation", "rest", "text", "value"),
    [
        ([1, 2], list[int], "0", "7", [7, 2]),
        ([1], list[int], "1", "7", [1, 7]),
        ([], list[str], "0", "7", ["7"]),
        (None, list[int] | None, "0", "7", [7]),
        ([0.1, 0.2], tuple[float, float], "1", ".5", [0.1, 0.5]),
        ([[1]], list[list[int]], "1", "2,3", [[1], [2, 3]]),
        ([], list[list[int]], "0.0", "2", [[2]]),
        ({"a": 1}, dict[str, int], "b", "2", {"a": 1, "b": 2}),
        ({}, dict[str, str], "0", "2", {"0": "2"}),
        ({}, dict[str, list[int]], "a.0", "2", {"a": [2]}),
        (None, dict[str, Any], "a.b", "2", {"a": {"b": 2}}),
        (None, Any, "a", "2", {"a": 2}),
        (None, Any, "0", "2", [2]),
        ({"0": 1}, Any, "0", "2", {"0": 2}),
        ([{"a": 1}], list[dict[str, Any]], "0.b", "x", [{"a": 1, "b": "x"}]),
        ({"a": {"b": 1}}, dict[str, Any], "a", '{"c": 2}', {"a": {"b": 1, "c": 2}}),
    ],
)
def test_one_element_or_entry_is_set(
    base: Any, annotation: Any, rest: str, text: str, value: Any
) -> None:
    assert with_element(base, annotation, tuple(rest.split(".")), text, True, "k") == value


@pytest.mark.parametrize(
    ("base", "annotation", "rest", "sentence"),
    [
        ([1], list[int], "5", "k.5 is no element: k has 1, k.0 to k.0; k.1 adds one"),
        ([], list[int], "1", "k.1 is no element: k is empty; begin with k.0"),
        ([1], list[int], "-1", "k.-1 is no element"),
        ([1], list[int], "x", "k.x is no element"),
        (3, int, "0", "k is an integer: it has no element or entry 0"),
        ("s", str | None, "a", "k is a string or null: it has no element or entry a"),
    ],
)
def test_what_has_no_such_element_is_one_sentence(
    base: Any, annotation: Any, rest: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        with_element(base, annotation, tuple(rest.split(".")), "1", True, "k")
    assert str(caught.value).startswith(sentence)
