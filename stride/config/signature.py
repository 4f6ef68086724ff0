"""The signature of a thing that a name picks: its parameters, read without running its code."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from stride.config.annotations import annotation_in_source, annotation_understood
from stride.config.docstrings import argument_helps
from stride.config.python_source import Function, NotConstant, PythonSource


class Absence(Enum):
    """Why a parameter has no default that a config could show."""

    MISSING = "there is none"
    OPAQUE = "there is one, but no JSON can hold it"


MISSING: Final = Absence.MISSING
"""The parameter has no default: it must be given."""

OPAQUE: Final = Absence.OPAQUE
"""The default is known to the thing alone (a function, a computed value): left out unless given."""


@dataclass(frozen=True)
class Parameter:
    """One argument of a thing.

    Attributes:
        annotation: a type of JSON values, or Any; see `stride.config.annotations`.
        default: a Python value, MISSING or OPAQUE. None may also mean "decided by the data".
        help: one line.
        is_path: a `str` that names a file or folder: made absolute when it is typed.
        elements: kind of thing that each element of the list names; None for other parameters.
    """

    name: str
    annotation: Any = Any
    default: Any = MISSING
    help: str = ""
    is_path: bool = False
    elements: str | None = None


@dataclass(frozen=True)
class Signature:
    """The arguments of a thing; `takes_any` where it has `**kwargs`."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    takes_any: bool = False


def read_signature(source: Path, name: str, *, skip: Collection[str] = ()) -> Signature:
    """The signature of a class or function, from its source file alone.

    Defaults are read where they are constants, also of the module; else they are OPAQUE. A
    parameter that could only be given a tensor or a function is left out.

    Args:
        source: the Python file; parsed, never imported.
        name: of a class (its `__init__`, or that of its base in the same file) or function.
        skip: parameters that are not settings: `params`, `optimizer`.

    Raises:
        CodeReferenceError: no such file or name, or it is no Python.
    """
    module = PythonSource(source)
    function, is_method = module.function(name)
    if function is None:
        return Signature(name)
    helps = argument_helps(module.docstring(name))
    return Signature(
        name,
        tuple(
            Parameter(argument, annotation, default, helps.get(argument, ""))
            for argument, annotation, default in _arguments(module, function, is_method)
            if argument not in skip and not _only_none(annotation)
        ),
        takes_any=function.args.kwarg is not None,
    )


def _arguments(
    module: PythonSource, function: Function, is_method: bool
) -> Iterator[tuple[str, Any, Any]]:
    positional = [*function.args.posonlyargs, *function.args.args]
    padding = [None] * (len(positional) - len(function.args.defaults))
    pairs = [
        *zip(positional, [*padding, *function.args.defaults], strict=True),
        *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
    ]
    for argument, default in pairs[1 if is_method else 0 :]:
        annotation = annotation_in_source(argument.annotation, module.assignments)
        yield argument.arg, annotation, _constant(module, default)


def _constant(module: PythonSource, default: ast.expr | None) -> Any:
    if default is None:
        return MISSING
    try:
        return module.value(default)
    except NotConstant:
        return OPAQUE


def signature_of(thing: object, name: str, *, skip: Collection[str] = ()) -> Signature:
    """The signature of a class or function that is imported already.

    Args:
        thing: the class or function.
        name: that people know it by, for messages.
        skip: parameters that are not settings.
    """
    if not callable(thing):
        return Signature(name)
    try:
        found = inspect.signature(thing)
    except (ValueError, TypeError):  # written in C, or a metaclass of its own
        return Signature(name, takes_any=True)
    initializer = inspect.getattr_static(thing, "__init__") if inspect.isclass(thing) else None
    hints = _hints(thing if initializer is None else initializer)
    documents = [inspect.getdoc(thing)]
    if initializer is not None:
        documents.append(inspect.getdoc(initializer))
    helps = argument_helps("\n".join(text for text in documents if text))
    parameters = []
    takes_any = False
    for argument in found.parameters.values():
        if argument.kind is argument.VAR_KEYWORD:
            takes_any = True
        if argument.name in skip or argument.kind not in (
            argument.POSITIONAL_OR_KEYWORD,
            argument.KEYWORD_ONLY,
        ):
            continue
        raw = hints.get(argument.name, argument.annotation)
        annotation = Any if raw is argument.empty else annotation_understood(raw)
        default = MISSING if argument.default is argument.empty else argument.default
        if not _only_none(annotation):
            help_text = helps.get(argument.name, "")
            parameters.append(Parameter(argument.name, annotation, default, help_text))
    return Signature(name, tuple(parameters), takes_any)


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # noqa: BLE001 -- evaluating a stranger's annotations may raise anything
        return {}


def _only_none(annotation: Any) -> bool:
    """Whether nothing but null could be given: a tensor or function that may be left out."""
    return annotation is None
