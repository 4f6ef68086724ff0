"""Flattening and comparing trees."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT, differing, flatten, same, unflatten

KEYS = st.text(alphabet="ab01.\\", min_size=1, max_size=4)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
TREES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(TREES)
def test_a_tree_flattened_and_unflattened_is_the_same_tree(tree: dict[str, Any]) -> None:
    assert unflatten(flatten(tree)) == tree


@given(TREES, st.integers(1, 4))
def test_equal_trees_do_not_differ(tree: dict[str, Any], count: int) -> None:
    assert differing([tree] * count) == {}


@given(TREES, TREES)
def test_differences_are_mirrored(left: dict[str, Any], right: dict[str, Any]) -> None:
    mirrored = {key: values[::-1] for key, values in differing([right, left]).items()}
    assert differing([left, right]) == mirrored


@given(TREES, TREES)
def test_trees_without_differences_have_the_same_leaves(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    assert (differing([left, right]) == {}) == same(flatten(left), flatten(right))


@given(TREES, TREES, TREES)
def test_what_differs_among_some_differs_among_more(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    assert differing([one, two]).keys() <= differing([one, two, three]).keys()


def test_many_trees_are_compared_at_once() -> None:
    trees = [{"lr": 1, "a": {"b": 2}}, {"lr": 2, "a": {"b": 2}}, {"lr": 1, "a": {"b": 2, "c": 3}}]
    assert differing(trees) == {"lr": (1, 2, 1), "a.c": (ABSENT, ABSENT, 3)}


def test_lists_are_leaves_unless_they_hold_mappings() -> None:
    tree = {"dims": [1, 2], "blocks": [{"width": 3}, {}], "none": [], "empty": {}}
    assert flatten(tree) == {
        "dims": [1, 2],
        "blocks.0.width": 3,
        "blocks.1": {},
        "none": [],
        "empty": {},
    }


def test_true_is_not_one_but_one_is_one_point_zero() -> None:
    assert not same(True, 1)
    assert not same([0], [False])
    assert same({"a": [1]}, {"a": [1.0]})
    assert not same(None, ABSENT)


def test_readers_that_compare_load_no_schema() -> None:
    code = "import sys; import stride.config.differences, stride.config.overrides, "
    code += "stride.config.identity, stride.config.stored; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "'pydantic'" not in loaded.stdout
    assert "'torch'" not in loaded.stdout
