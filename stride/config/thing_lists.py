"""Lists of things: an element is a name, or a name with arguments, `{callback_name: ..., ...}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from stride.config.catalog import Catalog
from stride.config.dotted import Path, join_key
from stride.config.hints import describe
from stride.config.nearest import nearest
from stride.config.outline import Group, Leaf, thing_group
from stride.config.places import absolute_reference, absolute_values
from stride.config.schema import Named
from stride.config.signature import MISSING
from stride.config.validation import checked
from stride.errors import ConfigError


def named_elements(kind: str, elements: Sequence[Any], path: Path) -> list[Named]:
    """Name and arguments of each element.

    Args:
        kind: of the things, as "callback".
        elements: JSON.
        path: of the list, for sentences.

    Raises:
        ConfigError: an element is neither a name nor a mapping with one.
    """
    return [_named(kind, element, (*path, str(index))) for index, element in enumerate(elements)]


def placed_elements(kind: str, value: Any, folder: FilePath) -> Any:
    """The list with every file that an element is taken from absolute; what is no list as it is."""
    if not isinstance(value, list):
        return value
    return [
        _with_name(kind, element, lambda name: absolute_reference(name, folder))
        for element in value
    ]


def checked_elements(
    kind: str, elements: Sequence[Any], path: Path, folder: FilePath, catalog: Catalog
) -> list[Any]:
    """The list with the arguments in the form that the things' types give them.

    Args:
        folder: that relative paths among the arguments are taken from.

    Raises:
        ConfigError: an unknown name or argument, a wrong type, one that is needed and not given.
        CodeReferenceError: a reference that does not resolve.
    """
    result: list[Any] = []
    for index, named in enumerate(named_elements(kind, elements, path)):
        here = (*path, str(index))
        group = thing_group(kind, named.name, here, catalog)
        arguments = {
            name: _checked_argument(group, name, value, folder)
            for name, value in named.arguments.items()
        }
        for name, child in group.children.items():
            if isinstance(child, Leaf) and child.default is MISSING and name not in arguments:
                raise ConfigError(
                    f"{join_key(child.path)} is needed by {group.owner} and has no default"
                )
        if isinstance(elements[index], str):
            result.append(named.name)
        else:
            result.append({f"{kind}_name": named.name, **arguments})
    return result


def _checked_argument(group: Group, name: str, value: Any, folder: FilePath) -> Any:
    path = (*group.path, name)
    child = group.children.get(name)
    if isinstance(child, Leaf):
        value = absolute_values(value, child.annotation, folder, join_key(path))
        return checked(value, child.annotation, join_key(path))
    if child is not None or group.takes_any:
        return value
    sentence = f"unknown key {join_key(path)} for {(group.owner or '').rpartition(':')[2]}"
    near = nearest(name, group.children)
    if near is not None:
        raise ConfigError(f"{sentence}; did you mean {near} ({describe(group.children[near])})?")
    names = ", ".join(group.children)
    raise ConfigError(f"{sentence}; {f'there are {names}' if names else 'it takes none'}")


def _named(kind: str, element: Any, path: Path) -> Named:
    key = f"{kind}_name"
    name = element.get(key) if isinstance(element, Mapping) else element
    if not isinstance(name, str) or not name:
        raise ConfigError(
            f"{join_key(path)} must be the name of a {kind}, or a mapping with {key} and its"
            f" arguments, not {element!r}"
        )
    arguments = dict(element) if isinstance(element, Mapping) else {}
    arguments.pop(key, None)
    return Named(name=name, arguments=arguments)


def _with_name(kind: str, element: Any, change: Callable[[str], str]) -> Any:
    key = f"{kind}_name"
    if isinstance(element, str):
        return change(element)
    if isinstance(element, Mapping) and isinstance(element.get(key), str):
        return {**element, key: change(element[key])}
    return element
