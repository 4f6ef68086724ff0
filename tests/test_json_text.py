"""JSON that is nested too deeply is refused before anything goes through it level by level."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import StoredFileError
from stride.json_text import DEEPEST, decode_json


def _nested(levels: int, as_list: bool) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = [tree] if as_list else {"a": tree}
    return tree


@given(levels=st.integers(1, 3 * DEEPEST), as_list=st.booleans())
def test_a_tree_has_at_most_so_many_levels(levels: int, as_list: bool) -> None:
    tree = _nested(levels, as_list)
    content = json.dumps(tree).encode()
    if levels <= DEEPEST:
        assert decode_json(content, Path("config.json")) == tree
    else:
        with pytest.raises(StoredFileError, match=f"nested more than {DEEPEST} levels deep"):
            decode_json(content, Path("config.json"))


def test_a_wide_tree_is_not_deep() -> None:
    tree = {"runs": [[] for _ in range(10 * DEEPEST)]}
    assert decode_json(json.dumps(tree).encode(), Path("x")) == tree
