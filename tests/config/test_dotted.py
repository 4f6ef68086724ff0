"""Dotted keys and paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.dotted import join_key, lookup, pick, put, split_key


@given(st.lists(st.text(alphabet="ab0.\\\n="), min_size=1))
def test_a_path_joined_and_split_is_the_same_path(path: list[str]) -> None:
    assert split_key(join_key(path)) == tuple(path)


def test_a_dot_inside_a_part_is_written_with_a_backslash() -> None:
    assert join_key(["a", "layer.0"]) == r"a.layer\.0"
    assert split_key(r"a.layer\.0") == ("a", "layer.0")


def test_what_is_put_is_found_again() -> None:
    tree: dict[str, object] = {"a": {"b": 1}}
    put(tree, ("a", "c", "d"), 2)
    assert tree == {"a": {"b": 1, "c": {"d": 2}}}
    assert lookup(tree, ("a", "c", "d")) == 2


def test_a_path_through_a_plain_value_is_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"a\.b\.c"):
        lookup({"a": {"b": 1}}, ("a", "b", "c"))


def test_picking_keeps_the_keys_that_there_are() -> None:
    tree = {"seed": 1, "model_kwargs": {"model_name": "MLP", "hidden_dims": [3]}}
    picked = pick(tree, ["model_kwargs.hidden_dims", "model_kwargs.gone", "seed"])
    assert picked == {"model_kwargs": {"hidden_dims": [3]}, "seed": 1}
