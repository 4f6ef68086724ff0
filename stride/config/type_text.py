"""The words for a type: `list of integers`, `number or null`."""

from __future__ import annotations

import enum
import json
import types
import typing
from pathlib import Path
from typing import Any, Final, Literal, Union

import annotated_types

_SINGULAR: Final[dict[Any, str]] = {
    int: "integer",
    float: "number",
    bool: "true or false",
    str: "string",
    Path: "path",
    None: "null",
    type(None): "null",
    Any: "any value",
}
_PLURAL: Final[dict[Any, str]] = {
    int: "integers",
    float: "numbers",
    bool: "booleans",
    str: "strings",
    Path: "paths",
    Any: "values",
}


def type_text(annotation: Any) -> str:
    """How people call the values of a type, in the singular."""
    if annotation in _SINGULAR:
        return _SINGULAR[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0]) + _bounds(annotation.__metadata__)
    if origin is Literal:
        return _alternatives([_literal(value) for value in arguments])
    if origin is Union or isinstance(annotation, types.UnionType):
        members = sorted(arguments, key=lambda member: member is type(None))
        words = [["true", "false"] if item is bool else [type_text(item)] for item in members]
        return _alternatives([word for some in words for word in some])
    if origin is list:
        return f"list of {_plural(arguments[0])}"
    if origin is tuple:
        alike = len(set(arguments)) == 1
        if alike and len(arguments) > 1:
            return f"list of {len(arguments)} {_plural(arguments[0])}"
        return f"list of {', '.join(type_text(item) for item in arguments)}"
    if origin is dict:
        return f"mapping of {_plural(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _alternatives([_literal(member.value) for member in annotation])
    return "value"


def alternatives(annotation: Any) -> tuple[str, ...]:
    """The texts that a value can have, where they are few: `true` and `false`, a Literal's."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is bool:
        return ("true", "false")
    if origin is Literal:
        return tuple(item if isinstance(item, str) else _literal(item) for item in arguments)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return tuple(str(member.value) for member in annotation)
    if origin is Union or isinstance(annotation, types.UnionType):
        others = [item for item in arguments if item is not type(None)]
        if len(others) == 1 and alternatives(others[0]):
            return (*alternatives(others[0]), "null")
    return ()


def _plural(annotation: Any) -> str:
    if annotation in _PLURAL:
        return _PLURAL[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _plural(arguments[0])
    if origin is list:
        return f"lists of {_plural(arguments[0])}"
    if origin is dict:
        return f"mappings of {_plural(arguments[1])}"
    if origin is Union or isinstance(annotation, types.UnionType):
        return _alternatives([_plural(item) for item in arguments if item is not type(None)])
    return f"({type_text(annotation)})"


def _alternatives(words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _bounds(metadata: tuple[Any, ...]) -> str:
    """` of at least 1` and the like, of the constraints that pydantic collects."""
    words = []
    for item in metadata:
        for bound in getattr(item, "metadata", [item]):
            match bound:
                case annotated_types.Ge(ge=limit):
                    words.append(f"at least {limit}")
                case annotated_types.Gt(gt=limit):
                    words.append(f"more than {limit}")
                case annotated_types.Le(le=limit):
                    words.append(f"at most {limit}")
                case annotated_types.Lt(lt=limit):
                    words.append(f"less than {limit}")
    return f" of {' and '.join(words)}" if words else ""
