"""Paths of the file system inside a config: made absolute where they were typed or written."""

from __future__ import annotations

import os
import re
import types
import typing
from pathlib import Path
from typing import Any, Final, Union

from stride.errors import ConfigError

FILE_REFERENCE: Final = re.compile(r"(.+\.py):([A-Za-z_][\w.]*)")
"""How a name refers to a thing in a file: the path, the attribute."""


def absolute_values(value: Any, annotation: Any, folder: Path, key: str) -> Any:
    """The value with every path in it absolute, by the type that is wanted there.

    Raises:
        ConfigError: a path is empty; the sentence begins with the key.
    """
    if annotation is Path:
        if value == "":
            raise ConfigError(f"{key} must be a path, and it is empty")
        return absolute_path(value, folder) if isinstance(value, str) else value
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Union or isinstance(annotation, types.UnionType):
        for member in arguments:
            changed = absolute_values(value, member, folder, key)
            if changed != value:
                return changed
        return value
    if origin is typing.Annotated:
        return absolute_values(value, arguments[0], folder, key)
    if isinstance(value, list) and origin in (list, tuple):
        wanted = arguments * len(value) if origin is list else arguments
        pairs = zip(value, [*wanted, *[Any] * len(value)], strict=False)
        return [absolute_values(item, type_, folder, key) for item, type_ in pairs]
    if isinstance(value, dict) and origin is dict:
        inner = arguments[1]
        return {name: absolute_values(item, inner, folder, key) for name, item in value.items()}
    return value


def absolute_reference(name: str, folder: Path) -> str:
    """`path/file.py:Name` with an absolute path; any other name as it is."""
    match = FILE_REFERENCE.fullmatch(name)
    return f"{absolute_path(match[1], folder)}:{match[2]}" if match else name


def absolute_path(text: str, folder: Path) -> str:
    """The path from a folder, `~/` at its start expanded; a URL stays as it is."""
    if "://" in text:
        return text
    raw = str(folder.absolute() / expand_home(text))
    plain = os.path.normpath(raw)
    # `a/../b` is `b` only where `a` is no symbolic link.
    return plain if os.path.realpath(plain) == os.path.realpath(raw) else raw


def expand_home(text: str) -> str:
    """`~/` at the start as the home folder: shells leave it alone behind an equals sign."""
    return str(Path.home()) + text[1:] if text == "~" or text.startswith("~/") else text
