"""Elements and entries inside one value: `a.0=x` of a list, `a.name=x` of a mapping, merging."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, Union

from stride.config.dotted import Path
from stride.config.type_text import type_text
from stride.config.validation import with_article
from stride.config.values import read_text
from stride.errors import ConfigError


def merged(base: Any, value: Any) -> Any:
    """The value over the base: mappings merge key by key at any depth, all else replaces."""
    if not isinstance(base, Mapping) or not isinstance(value, Mapping):
        return value
    tree = dict(base)
    for key, item in value.items():
        tree[key] = merged(tree[key], item) if key in tree else item
    return tree


def with_element(
    base: Any, annotation: Any, rest: Path, value: Any, is_text: bool, key: str
) -> Any:
    """The base with one element or entry set; lists grow by the element after the last.

    Args:
        base: the list or mapping so far, changed in place; None where there is none yet.
        annotation: of the base.
        rest: the way to the element, not empty.
        value: JSON, or a text that is read as the type of the element wants it.
        is_text: which of the two.
        key: dotted, of the base.

    Raises:
        ConfigError: there is nothing inside such a value, or the index is out of range.
    """
    if not rest:
        return merged(base, read_text(value, annotation, key) if is_text else value)
    part, here = rest[0], f"{key}.{rest[0]}"
    container = _container(annotation, base, part)
    if container is None:
        raise ConfigError(
            f"{key} is {with_article(type_text(annotation))}: it has no element or entry {part}"
        )
    inner_type = _inner(annotation, container, part)
    if container is dict:
        entries = {} if base is None else base
        inner = with_element(entries.get(part), inner_type, rest[1:], value, is_text, here)
        entries[part] = inner
        return entries
    elements = [] if base is None else base
    index = int(part) if _is_index(part) else -1
    if not 0 <= index <= len(elements):
        raise ConfigError(f"{here} is no element: {_range(key, len(elements))}")
    old = elements[index] if index < len(elements) else None
    inner = with_element(old, inner_type, rest[1:], value, is_text, here)
    elements[index : index + 1] = [inner]
    return elements


def type_inside(annotation: Any, rest: Path) -> Any:
    """The type of the element or entry that a path leads to inside a value; Any if not known."""
    for part in rest:
        container = _container(annotation, None, part)
        annotation = Any if container is None else _inner(annotation, container, part)
    return annotation


def takes_list(annotation: Any) -> bool:
    """Whether a value of the type may be a list."""
    return any(_origin(member) is list for member in _members(annotation))


def _is_index(part: str) -> bool:
    """Digits of ASCII: `int` would also read those of other scripts."""
    return part.isascii() and part.isdecimal()


def _range(key: str, length: int) -> str:
    if length == 0:
        return f"{key} is empty; begin with {key}.0"
    return f"{key} has {length}, {key}.0 to {key}.{length - 1}; {key}.{length} adds one"


def _container(annotation: Any, base: Any, part: str) -> type | None:
    """Whether the base is a list or a mapping, or may become one; None if neither."""
    if isinstance(base, list):
        return list
    if isinstance(base, Mapping):
        return dict
    possible = [origin for member in _members(annotation) if (origin := _origin(member))]
    if annotation is Any and base is None:
        return list if _is_index(part) else dict
    if list in possible and (_is_index(part) or dict not in possible):
        return list
    return dict if dict in possible else None


def _inner(annotation: Any, container: type, part: str) -> Any:
    for member in _members(annotation):
        arguments = typing.get_args(member)
        if _origin(member) is not container:
            continue
        if typing.get_origin(member) is tuple:
            index = int(part) if _is_index(part) else 0
            return arguments[min(index, len(arguments) - 1)]
        return arguments[-1]
    return Any


def _members(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is Union or isinstance(annotation, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _origin(annotation: Any) -> type | None:
    origin = typing.get_origin(annotation)
    if origin in (list, tuple):
        return list
    return dict if origin is dict else None
