"""The text of a JSON file: strict, and not nested more deeply than its readers can bear."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from stride.errors import StoredFileError

JSON = Any
"""What `decode_json` gives: dict, list, str, int, float, bool or None, nested."""

DEEPEST: Final = 100
"""Levels. Configs have about five."""


def many_brackets(content: bytes) -> bool:
    """Whether some JSON may be nested too deeply at all: quickly told of most."""
    return content.count(b"[") + content.count(b"{") > DEEPEST


def is_too_deep(content: bytes, tree: Any) -> bool:
    """Whether a tree has more levels than that.

    Args:
        content: the JSON that the tree was read from: few brackets are quickly counted.
    """
    if not many_brackets(content):
        return False
    level = [tree]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def decode_json(content: bytes, path: Path) -> JSON:
    """Read strict JSON.

    Raises:
        StoredFileError: empty, cut off, not UTF-8, or not JSON; the sentence names `path`.
    """
    if not content.strip():
        raise StoredFileError(f"{path} is empty")
    try:
        tree = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StoredFileError(f"{path} is not JSON: {error}") from error
    if is_too_deep(content, tree):
        raise StoredFileError(f"{path} is nested more than {DEEPEST} levels deep")
    return tree


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
