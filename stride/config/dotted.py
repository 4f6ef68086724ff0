"""Dotted keys: `model_kwargs.hidden_dims` as text, `("model_kwargs", "hidden_dims")` as a path.

A dot inside one part is written `\\.`, a backslash `\\\\`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Path = tuple[str, ...]


def join_key(path: Iterable[str]) -> str:
    """The dotted key of a path."""
    return ".".join(part.replace("\\", "\\\\").replace(".", "\\.") for part in path)


def split_key(key: str) -> Path:
    """The path of a dotted key; the inverse of `join_key`. Parts may be empty: callers decide."""
    return tuple(_unescaped(part) for part in raw_parts(key))


def raw_parts(key: str) -> list[str]:
    """The parts of a dotted key as they stand there, backslashes and all."""
    if "\\" not in key:
        return key.split(".")
    parts = []
    for match in re.finditer(r"((?:[^\\.]|\\.)*\\?)(\.|$)", key, re.DOTALL):
        parts.append(match[1])
        if not match[2]:
            break
    return parts


def _unescaped(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)


def lookup(tree: Mapping[str, Any], path: Path) -> Any:
    """The value at a path of nested mappings.

    Raises:
        KeyError: there is none.
    """
    value: Any = tree
    for part in path:
        if not isinstance(value, Mapping):
            raise KeyError(join_key(path))
        value = value[part]
    return value


def put(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at a path of nested dicts; those on the way are made."""
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = value


def pick(tree: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The part of a tree at some dotted keys: of a stored config, what people chose in it.

    Keys that the tree has not are left out.
    """
    picked: dict[str, Any] = {}
    for key in keys:
        path = split_key(key)
        try:
            put(picked, path, lookup(tree, path))
        except KeyError:
            continue
    return picked
