"""One JSON value: what a config may hold, whoever gave it."""

from __future__ import annotations

import enum
import math
import numbers
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from stride.errors import ConfigError

_DEEPEST: Final = 64
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**63 - 1
"""Larger integers lose digits in most readers of JSON."""


def as_json(value: Any, key: str, depth: int = 0) -> Any:
    """The value as plain JSON: tuples become lists, paths and enums text, numpy scalars numbers.

    Args:
        value: from a config file, from keyword arguments, or a default.
        key: dotted, for the sentence.
        depth: of nesting.

    Raises:
        ConfigError: no JSON can hold it: nan, infinities, sets, dates, objects, keys that are
            no text, or nested without end.
    """
    if depth > _DEEPEST:
        raise ConfigError(f"{key} is nested more than {_DEEPEST} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return as_json(value.value, key, depth + 1)
    if isinstance(value, (str, PurePath)):
        return _text(str(value), key)
    if isinstance(value, numbers.Integral):
        if not _SMALLEST <= int(value) <= _LARGEST:
            raise ConfigError(f"{key} is too large an integer: it must fit into 64 bits")
        return int(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        if not math.isfinite(number):
            raise ConfigError(f"{key} must be a finite number, not {number}")
        return number
    if isinstance(value, Mapping):
        tree = {}
        for name, item in value.items():
            if not isinstance(name, str) or not name:
                raise ConfigError(
                    f"{key} has the key {name!r}: keys must be text; quote it".lstrip()
                )
            tree[_text(name, key)] = as_json(item, f"{key}.{name}" if key else name, depth + 1)
        return tree
    if isinstance(value, (list, tuple)):
        return [as_json(item, f"{key}.{index}", depth + 1) for index, item in enumerate(value)]
    raise ConfigError(
        f"{key} is of type {type(value).__name__}, which a config cannot hold; give a number, a "
        "string, true, false, null, a list or a mapping"
    )


def _text(text: str, key: str) -> str:
    """The text, if it can stand in a file: no half of a character, no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{key} is not valid UTF-8 text: {text!r}") from error
    if "\0" in text:
        raise ConfigError(f"{key} has a NUL character in it: {text!r}")
    return text
