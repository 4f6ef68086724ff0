"""The effective config of a run: what is stored, and what its attempts changed since.

An attempt keeps what it changed as settings: dotted keys with their values. Where a loop that is
not stride's gave only overrides as text, readers, which do not load the schema, take them as the
stored value suggests: text where text is stored, a list where a list is.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.config.differences import ABSENT, differing_leaves, flatten
from stride.config.dotted import Path, split_key
from stride.config.strict_json import read_strict_json

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_REMOVAL: Final = "--remove "


@dataclass(frozen=True)
class Change:
    """What an attempt made of a key.

    Attributes:
        attempt: the number of the last attempt that changed it.
        before: what config.json has; ABSENT where it has no such key.
    """

    attempt: int
    before: Any


@dataclass(frozen=True)
class Effective:
    """The settings that hold, and by dotted key those that are not what config.json says."""

    config: dict[str, Any]
    changed: dict[str, Change]


def effective_config(
    config: Mapping[str, Any],
    attempts: Iterable[tuple[int, Mapping[str, Any] | Sequence[str]]],
) -> Effective:
    """Apply what attempts changed to a stored config, which is left as it is.

    Args:
        config: what config.json holds.
        attempts: number of each, in order, and its settings; or its overrides as text (`a.b=c`,
            `--remove a.b`). What is neither, such as the name of a config file, is passed over.
    """
    given = [(number, changes) for number, changes in attempts if changes]
    if not given:
        return Effective(dict(config), {})
    stored = flatten(config)
    tree = dict(config)
    last: dict[str, int] = {}
    for number, changes in given:
        before = flatten(tree)
        tree = copy.deepcopy(tree)
        if isinstance(changes, Mapping):
            for key, value in changes.items():
                _set(tree, split_key(key), copy.deepcopy(value))
        else:
            for text in changes:
                _apply(tree, text)
        last |= dict.fromkeys(differing_leaves([before, flatten(tree)]), number)
    changed = {
        key: Change(last[key], stored.get(key, ABSENT))
        for key in differing_leaves([stored, flatten(tree)])
    }
    return Effective(tree, changed)


def _set(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at a path of mappings; what is in the way of one is none any more."""
    for part in path[:-1]:
        if not isinstance(tree.get(part), dict):
            tree[part] = {}
        tree = tree[part]
    tree[path[-1]] = value


def _apply(tree: dict[str, Any], text: str) -> None:
    if text.startswith(_REMOVAL):
        path = split_key(text.removeprefix(_REMOVAL))
        inner = _inside(tree, path[:-1])
        if isinstance(inner, dict):
            inner.pop(path[-1], None)
        return
    key, equals, value = text.partition("=")
    path = split_key(key)
    if equals and all(path) and not key.startswith("-"):
        _put(tree, path, value)


def _inside(tree: Any, path: Path) -> Any:
    """What is at a path of mappings and lists; None where nothing is."""
    for part in path:
        if isinstance(tree, list):
            tree = tree[int(part)] if part.isdecimal() and int(part) < len(tree) else None
        else:
            tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _put(tree: dict[str, Any], path: Path, text: str) -> None:
    """Set the value at a path; an element of a list is replaced, or appended behind the last."""
    for length in range(1, len(path)):
        outer = _inside(tree, path[: length - 1])
        if isinstance(outer, dict) and outer.get(path[length - 1]) is None:
            outer[path[length - 1]] = {}
    inner, last = _inside(tree, path[:-1]), path[-1]
    value = _merged(now := _inside(tree, path), _read(text, now))
    if isinstance(inner, dict):
        inner[last] = value
    elif isinstance(inner, list) and last.isdecimal() and int(last) <= len(inner):
        inner[int(last) : int(last) + 1] = [value]


def _read(text: str, now: Any) -> Any:
    """A text as the kind of value that is there now."""
    if isinstance(now, str) and text != "null":
        return text
    try:
        value = read_strict_json(text)
    except ValueError:
        if isinstance(now, list):
            return [_read(part.strip(), now[0] if now else None) for part in text.split(",")]
        return float(text) if _NUMBER.fullmatch(text) else text
    return [value] if isinstance(now, list) and not isinstance(value, list | None) else value


def _merged(now: Any, value: Any) -> Any:
    if not isinstance(now, dict) or not isinstance(value, dict):
        return value
    return {**now, **{key: _merged(now.get(key), item) for key, item in value.items()}}
