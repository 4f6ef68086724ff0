"""The outline of a config: every key that it may have, once it is known which things are picked."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stride.config.catalog import KINDS, Catalog
from stride.config.dotted import Path, join_key
from stride.config.json_value import as_json
from stride.config.schema import NAMED_GROUPS, Config
from stride.config.signature import MISSING, OPAQUE, Absence, Parameter, Signature
from stride.errors import ConfigError, UsageError

OBJECT: Final = "object:"
"""How the name of a thing begins that was handed over built, in Python."""

_FROM_DATA: Final = ("input_shape", "output_shape")
"""What a model may ask for without a default: the data set states it, unless the config does."""

_DEEPEST: Final = 8
"""Things within things: more is a signature that names itself."""


@dataclass(frozen=True)
class Leaf:
    """One key with a value.

    Attributes:
        default: JSON, MISSING or OPAQUE.
        kind: of thing that the value names; None for a plain value.
        owner: the name of the thing that takes it; None for keys of stride's own.
        elements: kind of thing that each element of the list names; None for other values.
    """

    path: Path
    annotation: Any
    default: Any
    help: str
    changes_result: bool = True
    kind: str | None = None
    owner: str | None = None
    elements: str | None = None


@dataclass(frozen=True)
class Group:
    """Some keys under one name.

    Attributes:
        owner: the name of the thing whose arguments these are; None for a group of stride's own.
        picked_by: the key that picks the thing; None for a group of stride's own.
        takes_any: other keys are taken as they come.
    """

    path: Path
    children: Mapping[str, Leaf | Group]
    owner: str | None = None
    picked_by: Path | None = None
    takes_any: bool = False

    def leaves(self) -> Iterator[Leaf]:
        """Every key below, in order."""
        for child in self.children.values():
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()

    def find(self, path: Path) -> Leaf | Group | None:
        """The node at exactly this path."""
        node: Leaf | Group = self
        for part in path:
            if isinstance(node, Leaf) or part not in node.children:
                return None
            node = node.children[part]
        return node

    def deepest(self, path: Path) -> tuple[Leaf | Group, int]:
        """The last node on the way to a path, and how many parts of the path lead to it."""
        node: Leaf | Group = self
        for index, part in enumerate(path):
            if isinstance(node, Leaf) or part not in node.children:
                return node, index
            node = node.children[part]
        return node, len(path)


Pick = Callable[[Leaf], Any]
"""What name a leaf that picks a thing has: the chosen one or its default."""


def outline(pick: Pick, catalog: Catalog) -> Group:
    """The keys that a config may have with the things that `pick` tells.

    Raises:
        ConfigError, CodeReferenceError: a name that picks nothing; its key comes first.
    """
    return _model_group(Config, (), _Builder(pick, catalog))


def thing_group(kind: str, name: str | None, path: Path, catalog: Catalog) -> Group:
    """The keys of one thing, with the defaults of the things that it names itself.

    Raises:
        ConfigError, CodeReferenceError: a name that picks nothing; its key comes first.
    """
    picked_by = Leaf((*path, f"{kind}_name"), str, name, "", True, kind)
    builder = _Builder(lambda leaf: leaf.default, catalog)
    children, signature = builder.arguments(picked_by, path)
    return Group(path, children, signature.name, picked_by.path, signature.takes_any)


@dataclass(frozen=True)
class _Builder:
    pick: Pick
    catalog: Catalog

    def arguments(self, picked_by: Leaf, path: Path) -> tuple[dict[str, Leaf | Group], Signature]:
        """The keys of the thing that a name picks."""
        assert picked_by.kind is not None
        name = self.pick(picked_by)
        signature = self.signature(picked_by.kind, name, join_key(picked_by.path))
        if len(path) > _DEEPEST:
            raise ConfigError(f"{join_key(path)} is nested more than {_DEEPEST} deep")
        children: dict[str, Leaf | Group] = {}
        by_name = {parameter.name: parameter for parameter in signature.parameters}
        nested = {
            f"{kind}_kwargs": kind
            for kind in KINDS
            if f"{kind}_name" in by_name and f"{kind}_kwargs" in by_name
        }
        picking = {f"{kind}_name": kind for kind in nested.values()}
        for parameter in signature.parameters:
            if parameter.name in nested:
                continue
            here = (*path, parameter.name)
            kind = picking.get(parameter.name)
            leaf = _parameter_leaf(parameter, here, picked_by.kind, kind, name)
            children[parameter.name] = leaf
            if kind is not None:
                below = (*path, f"{kind}_kwargs")
                inner, found = self.arguments(leaf, below)
                children[below[-1]] = Group(below, inner, found.name, leaf.path, found.takes_any)
        return children, signature

    def signature(self, kind: str, name: Any, key: str) -> Signature:
        if name is None:
            return Signature("")
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{key} must be a name, not {name!r}")
        if name.startswith(OBJECT):
            return Signature(name, takes_any=True)
        try:
            return self.catalog.signature(kind, name)
        except UsageError as error:
            raise type(error)(f"{key}: {error}") from error


def _parameter_leaf(
    parameter: Parameter, path: Path, owner_kind: str, kind: str | None, owner: Any
) -> Leaf:
    default = parameter.default
    if default is MISSING and owner_kind == "model" and parameter.name in _FROM_DATA:
        default = None
    annotation = (
        _path_annotation(parameter.annotation) if parameter.is_path else (parameter.annotation)
    )
    if kind is not None:
        annotation = str | None if default is None else str
    elif default is None:
        annotation = annotation | None if annotation is not Any else Any
    return Leaf(
        path,
        annotation,
        _json_default(default, annotation),
        parameter.help,
        True,
        kind,
        owner,
        parameter.elements,
    )


def _json_default(default: Any, annotation: Any) -> Any:
    """The default as JSON; a whole number for a float as 0.0, so that it equals a typed 0."""
    if isinstance(default, Absence):
        return default
    try:
        return _as_float(as_json(default, ""), annotation)
    except ConfigError:
        return OPAQUE


def _as_float(value: Any, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(value, list):
        if origin is list:
            return [_as_float(item, arguments[0]) for item in value]
        if origin is tuple and len(arguments) == len(value):
            return [_as_float(item, type_) for item, type_ in zip(value, arguments, strict=True)]
    if type(value) is int:
        members = arguments if _is_union(annotation) else (annotation,)
        if float in members and int not in members:
            return float(value)
    return value


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) is Union or isinstance(annotation, types.UnionType)


def _path_annotation(annotation: Any) -> Any:
    """The annotation with every string in it a path."""
    if annotation in (str, Any):
        return FilePath
    arguments = typing.get_args(annotation)
    if _is_union(annotation):
        return Union[tuple(_path_annotation(item) for item in arguments)]  # noqa: UP007
    if typing.get_origin(annotation) is list:
        return types.GenericAlias(list, (_path_annotation(arguments[0]),))
    if typing.get_origin(annotation) is dict:
        return types.GenericAlias(dict, (arguments[0], _path_annotation(arguments[1])))
    return annotation


def _model_group(model: type[BaseModel], path: Path, builder: _Builder) -> Group:
    children: dict[str, Leaf | Group] = {}
    fields = model.model_fields
    pairs = {f"{kind}_name": kind for kind in KINDS if path and f"{kind}_kwargs" in fields}
    for name, field in fields.items():
        here = (*path, name)
        inner = field.annotation
        if name in pairs:
            picked_by = replace(_field_leaf(field, here), kind=pairs[name])
            below = (*path, f"{pairs[name]}_kwargs")
            arguments, found = builder.arguments(picked_by, below)
            children[name] = picked_by
            children[below[-1]] = Group(below, arguments, found.name, here, found.takes_any)
            continue
        if name in children:
            continue  # the arguments of what was picked before
        if not path and name in NAMED_GROUPS:
            assert isinstance(inner, type) and issubclass(inner, BaseModel)
            children[name] = _named_group(NAMED_GROUPS[name], inner, field, here, builder)
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            children[name] = _model_group(inner, here, builder)
        else:
            children[name] = _field_leaf(field, here)
    return Group(path, children)


def _named_group(
    kind: str, model: type[BaseModel], field: FieldInfo, path: Path, builder: _Builder
) -> Group:
    """A group of the schema that picks a thing: its name, the group's own keys, the arguments."""
    key = (*path, f"{kind}_name")
    optional = model.model_fields["name"].default is None
    annotation = str | None if optional else str
    help_text = f"the {kind}: a built-in, package.module:Name or path/file.py:Name"
    picked_by = Leaf(key, annotation, field.default.name, help_text, True, kind)
    own = {
        name: _field_leaf(inner, (*path, name))
        for name, inner in model.model_fields.items()
        if name not in ("name", "arguments")
    }
    arguments, signature = builder.arguments(picked_by, path)
    clash = ({*own, key[-1]}) & set(arguments)
    if clash:
        raise ConfigError(
            f"{signature.name} takes an argument named {min(clash)}, which {join_key(path)} "
            "keeps for itself; rename the argument"
        )
    children = {key[-1]: picked_by, **own, **arguments}
    return Group(path, children, signature.name, key, signature.takes_any)


def _field_leaf(field: FieldInfo, path: Path) -> Leaf:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    changes = bool(extra.get("changes_result", True))
    elements = extra.get("elements")
    annotation: Any = field.annotation
    if field.metadata:
        annotation = Annotated[(annotation, *field.metadata)]
    return Leaf(
        path,
        annotation,
        field.default,
        field.description or "",
        changes,
        elements=elements if isinstance(elements, str) else None,
    )
