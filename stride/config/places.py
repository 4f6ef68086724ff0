"""Paths of the file system inside a config: made absolute where they were typed or written."""

from __future__ import annotations

import os
import re
import types
import typing
from pathlib import Path
from typing import Any, Final, Union

FILE_REFERENCE: Final = re.compile(r"(.+\.py):([A-Za-z_][\w.]*)")
"""How a name refers to a thing in a file: the path, the attribute."""


def absolute_values(value: Any, annotation: Any, folder: Path) -> Any:
    """The value with every path in it absolute, by the type that is wanted there."""
    if annotation is Path:
        return absolute_path(value, folder) if isinstance(value, str) and value else value
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Union or isinstance(annotation, types.UnionType):
        for member in arguments:
            changed = absolute_values(value, member, folder)
            if changed != value:
                return changed
        return value
    if origin is typing.Annotated:
        return absolute_values(value, arguments[0], folder)
    if isinstance(value, list) and origin is list:
        return [absolute_values(item, arguments[0], folder) for item in value]
    if isinstance(value, list) and origin is tuple and len(value) == len(arguments):
        pairs = zip(value, arguments, strict=True)
        return [absolute_values(item, type_, folder) for item, type_ in pairs]
    if isinstance(value, dict) and origin is dict:
        return {key: absolute_values(item, arguments[1], folder) for key, item in value.items()}
    return value


def absolute_reference(name: str, folder: Path) -> str:
    """`path/file.py:Name` with an absolute path; any other name as it is."""
    match = FILE_REFERENCE.fullmatch(name)
    return f"{absolute_path(match[1], folder)}:{match[2]}" if match else name


def absolute_path(text: str, folder: Path) -> str:
    """The path from a folder, `~/` at its start expanded; a URL stays as it is."""
    if "://" in text:
        return text
    if text == "~" or text.startswith("~/"):
        text = str(Path.home()) + text[1:]
    raw = str(folder.absolute() / text)
    plain = os.path.normpath(raw)
    # `a/../b` is `b` only where `a` is no symbolic link.
    return plain if os.path.realpath(plain) == os.path.realpath(raw) else raw
