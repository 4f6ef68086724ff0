"""Differences between any number of configs: trees flattened to dotted keys, and compared."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from stride.config.dotted import join_key, raw_parts, split_key


class Absent(Enum):
    """Stands where a tree does not have a key; no JSON value equals it."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

_DIGITS: Final = re.compile("[0-9]+")


def flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of a tree by dotted key, in order.

    A list is a leaf unless it holds a mapping; then its elements are keys `a.0`, `a.1`. An empty
    mapping or list is a leaf. A key of a mapping that is all digits is written with a backslash.
    """
    leaves: dict[str, Any] = {}
    _flatten(tree, "", leaves)
    return leaves


def _flatten(tree: Mapping[str, Any], prefix: str, leaves: dict[str, Any]) -> None:
    for key, value in tree.items():
        _flatten_value(value, prefix + _escaped(key), leaves)


def _flatten_value(value: Any, key: str, leaves: dict[str, Any]) -> None:
    # JSON has no other mapping than dict, and asking for Mapping takes ten times as long.
    if isinstance(value, dict) and value:
        _flatten(value, key + ".", leaves)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            _flatten_value(item, f"{key}.{index}", leaves)
    else:
        leaves[key] = value


@functools.lru_cache(maxsize=4096)
def _escaped(key: str) -> str:
    return f"\\{key}" if _DIGITS.fullmatch(key) else join_key([key])


def unflatten(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """The tree whose leaves these are; the inverse of `flatten`, in the order that it gives."""
    whole: dict[str, Any] = {}
    for key, value in leaves.items():
        path = split_key(key)
        is_index = [bool(_DIGITS.fullmatch(part)) for part in raw_parts(key)]
        inner: Any = whole
        for part, below in zip(path[:-1], is_index[1:], strict=True):
            inner = _child(inner, part, [] if below else {})
        _child(inner, path[-1], value)
    return whole


def _child(inner: Any, part: str, new: Any) -> Any:
    if isinstance(inner, list):
        if int(part) == len(inner):
            inner.append(new)
        return inner[int(part)]
    return inner.setdefault(part, new)


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, but true is not 1."""
    if left is right:
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def differing(trees: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The keys whose values are not the same in all trees, with the value of each, or ABSENT.

    The order is that of the keys in the first tree that has them.
    """
    return differing_leaves([flatten(tree) for tree in trees])


def differing_leaves(leaves: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The same for trees that are flat already."""
    found: dict[str, tuple[Any, ...]] = {}
    for key in dict.fromkeys(key for flat in leaves for key in flat):
        values = tuple([flat.get(key, ABSENT) for flat in leaves])
        first = values[0]
        if not all(value is first or same(value, first) for value in values):
            found[key] = values
    return found
