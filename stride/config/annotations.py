"""Annotations of parameters, reduced to the types that a config can hold.

Read from source (`annotation_in_source`) or from a live object (`annotation_understood`). What
is left are int, float, bool, str, Path, None, enums, list, tuple, dict, Literal, unions of
these and Any.
"""

from __future__ import annotations

import ast
import enum
import os
import pathlib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Union


class Unspellable:
    """Stands for a type that no config can hold: a tensor, a function, a module."""


_PLAIN: Final[dict[str, Any]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "Path": Path,
    "PathLike": Path,
    "PurePath": Path,
    "None": None,
    "NoneType": None,
    "Number": float,
    "SupportsFloat": float,
    "SupportsInt": int,
}
_LISTS: Final = {
    *("list", "List", "Sequence", "MutableSequence", "Iterable", "Collection"),
    *("set", "Set", "frozenset", "FrozenSet", "AbstractSet"),
}
_MAPPINGS: Final = {"dict", "Dict", "Mapping", "MutableMapping"}
_WRAPPERS: Final = {"Annotated", "Final", "Required", "NotRequired"}
_UNSPELLABLE: Final = {
    *("Tensor", "ParamsT", "Parameter", "Module", "Callable", "Generator", "Optimizer"),
    *("LRScheduler", "dtype", "DataLoader", "Dataset", "ndarray", "LambdaType", "FunctionType"),
}
_DEPTH: Final = 20
"""Aliases may refer to each other; deeper than this nothing sensible is nested."""


def annotation_in_source(
    node: ast.expr | None, aliases: Mapping[str, ast.expr] | None = None, depth: int = 0
) -> Any:
    """The type that an annotation in source text stands for; Any where it is not understood.

    Args:
        node: the annotation; None where there is none.
        aliases: the module's own assignments, so that `Shape = tuple[int, ...]` is followed.
        depth: of nesting, so that aliases in a circle end.
    """
    found = _read(node, aliases or {}, depth)
    return Any if found is Unspellable else found


def _read(node: ast.expr | None, aliases: Mapping[str, ast.expr], depth: int) -> Any:
    if node is None or depth > _DEPTH:
        return Any
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)):
            try:
                return _read(ast.parse(text, mode="eval").body, aliases, depth + 1)
            except SyntaxError:
                return Any
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_read(left, aliases, depth + 1), _read(right, aliases, depth + 1)])
        case ast.Subscript(value=outer, slice=inner):
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _read_generic(_last_name(outer), items, aliases, depth + 1)
        case ast.Name(id=name) if name in aliases and name not in _PLAIN:
            return _read(aliases[name], aliases, depth + 1)
    return _named(_last_name(node))


def _read_generic(
    name: str, items: list[ast.expr], aliases: Mapping[str, ast.expr], depth: int
) -> Any:
    if name == "Literal":
        values = tuple(item.value for item in items if isinstance(item, ast.Constant))
        return Literal[values] if len(values) == len(items) else Any
    if name == "Optional":
        return _union([_read(items[0], aliases, depth), None])
    if name in _WRAPPERS:
        return _read(items[0], aliases, depth)
    if name in {"tuple", "Tuple"} and any(
        isinstance(item, ast.Constant) and item.value is ... for item in items
    ):
        return _generic("list", [_read(items[0], aliases, depth)])
    return _generic(name, [_read(item, aliases, depth) for item in items])


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _named(name: str) -> Any:
    if name in _PLAIN:
        return _PLAIN[name]
    if name in _UNSPELLABLE:
        return Unspellable
    if name in _LISTS or name in {"tuple", "Tuple"}:
        return list[Any]
    if name in _MAPPINGS:
        return dict[str, Any]
    return Any


def _generic(name: str, items: list[Any]) -> Any:
    items = [Any if item is Unspellable else item for item in items]
    if name == "Union":
        return _union(items)
    if name in _LISTS:
        return types.GenericAlias(list, (items[0],))
    if name in {"tuple", "Tuple"}:
        return types.GenericAlias(tuple, tuple(items))
    if name in _MAPPINGS:
        return types.GenericAlias(dict, (str, items[-1]))
    return _named(name)


def _union(members: list[Any]) -> Any:
    spellable = [member for member in members if member is not Unspellable]
    if not spellable:
        return Unspellable
    if Any in spellable:
        return Any
    if len(spellable) == 1:
        return spellable[0]
    return Union[tuple(spellable)]  # noqa: UP007 -- the members are known only here


def annotation_understood(annotation: Any, depth: int = 0) -> Any:
    """The same for the annotation of a live object; Any where it is not understood."""
    found = _understand(annotation, depth)
    return Any if found is Unspellable else found


def _understand(annotation: Any, depth: int) -> Any:
    if annotation is None or annotation is type(None):
        return None
    if annotation is Any or depth > _DEPTH:
        return Any
    if isinstance(annotation, str):
        try:
            return _read(ast.parse(annotation, mode="eval").body, {}, depth)
        except SyntaxError:
            return Any
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return annotation
    if origin is typing.Annotated:
        inner = _understand(arguments[0], depth + 1)
        return typing.Annotated[(inner, *arguments[1:])] if inner is arguments[0] else inner
    if origin is Union or isinstance(annotation, types.UnionType):
        return _union([_understand(item, depth + 1) for item in arguments])
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return _generic("list", [_understand(arguments[0], depth + 1)])
    if origin is not None:
        name = getattr(origin, "__name__", "")
        items = [item if item is ... else _understand(item, depth + 1) for item in arguments]
        return _named(name) if not items or ... in items else _generic(name, items)
    if isinstance(annotation, type):
        return _understand_class(annotation)
    alias = getattr(annotation, "__value__", None)  # `type Shape = tuple[int, ...]`
    return Any if alias is None else _understand(alias, depth + 1)


def _understand_class(annotation: type) -> Any:
    if annotation in (int, float, bool, str):
        return annotation
    if issubclass(annotation, enum.Enum):
        return annotation
    if issubclass(annotation, (pathlib.PurePath, os.PathLike)):
        return Path
    return _named(annotation.__name__)
