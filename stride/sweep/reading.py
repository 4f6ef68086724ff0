"""Reading a sweep: from overrides, some of which have several values, to settings and a space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stride.config.dotted import Path, join_key, lookup, split_key
from stride.config.elements import type_inside
from stride.config.hints import unknown_key
from stride.config.outline import Group, Leaf
from stride.config.overrides import Override
from stride.config.resolution import Layer, keys_under, resolve
from stride.config.schema import Config
from stride.errors import ConfigError, StrideError
from stride.sweep.claiming import resolve_point, shown
from stride.sweep.space import Choice, Dimension, Space, Whole, telling_points
from stride.sweep.spelling import dimension_of, first_text, may_vary, plain_text, read_dimension
from stride.training.catalog import BuiltinCatalog


@dataclass(frozen=True)
class Sketch:
    """What is swept, checked against the schema; by whom and how is not said yet.

    Attributes:
        settings: dotted keys that every trial has, with their values.
        first: the config of the first point.
    """

    settings: Mapping[str, Any]
    space: Space
    first: Config


def read_sketch(layers: Sequence[Layer], swept: Mapping[str, Any]) -> Sketch:
    """Read what is swept, and check every point of it.

    Args:
        layers: the lowest first; the overrides of the last may have several values.
        swept: dotted keys of a sweep file: a list of values, or a text as it is typed.

    Raises:
        ConfigError, CodeReferenceError: an unknown key, a value that it does not take; or nothing
            is swept.
    """
    catalog = BuiltinCatalog()
    *below, typed = layers
    overrides = [override for override in typed.overrides if not may_vary(override.text)]
    varying = [override for override in typed.overrides if may_vary(override.text)]
    names = [
        Override(split_key(key), _first(value))
        for key, value in [*swept.items(), *((each.key, each.text) for each in varying)]
        if key.endswith("_name")
    ]
    outline = keys_under([*below, replace(typed, overrides=(*overrides, *names))], catalog)
    space: dict[str, Dimension] = {}
    for key, value in swept.items():
        annotation = type_of(outline, split_key(key))
        _put(space, key, _read_value(value, annotation, key))
    fixed: list[Override] = []
    for override in typed.overrides:
        dimension = None
        if may_vary(override.text):
            annotation = type_of(outline, override.path)
            dimension = read_dimension(override.text, annotation, override.key)
        if dimension is None:
            fixed.append(replace(override, text=plain_text(override.text)))
        else:
            _put(space, override.key, dimension)
    if not space:
        raise ConfigError(
            "nothing is swept: give a key several values, as in --config"
            " optimizer_kwargs.lr=1e-4,3e-4 or --config optimizer_kwargs.lr=log:1e-5:1e-1"
        )
    _refuse_twice(space, fixed)
    settings = _settings([*below, replace(typed, overrides=tuple(fixed))], space)
    for point in telling_points(space):
        _check_point(settings, point)
    return Sketch(settings, space, resolve_point(settings, next(telling_points(space))).config)


def type_of(outline: Group, path: Path) -> Any:
    """The type that a key wants; Any where the schema does not say.

    Raises:
        ConfigError: there is no such key, or it is a group.
    """
    node, used = outline.deepest(path)
    if isinstance(node, Leaf):
        return type_inside(node.annotation, path[used:])
    if used < len(path) and node.takes_any:
        return Any
    if used < len(path):
        raise unknown_key(outline, path)
    raise ConfigError(f"{join_key(path)} is a group of keys: sweep one of them")


def resource_of(sketch: Sketch) -> int | None:
    """The most epochs that a trial may have; None where that is not said in epochs."""
    if "fit_kwargs.evaluate_every" in sketch.space or sketch.first.fit_kwargs.evaluate_every:
        return None
    dimension = sketch.space.get("fit_kwargs.max_epochs")
    if isinstance(dimension, Choice | Whole):
        return int(max(dimension.samples))
    return sketch.first.fit_kwargs.max_epochs


def _first(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
        return str(value)
    return first_text(str(value))


def _read_value(value: Any, annotation: Any, key: str) -> Dimension:
    """Of a sweep file: a list has the values, a text is read as it is typed, all else is one."""
    if isinstance(value, list):
        return dimension_of(value, annotation, key)
    if isinstance(value, str):
        found = read_dimension(value, annotation, key)
        return found or dimension_of([plain_text(value)], annotation, key)
    return dimension_of([value], annotation, key)


def _put(space: dict[str, Dimension], key: str, dimension: Dimension) -> None:
    if key in space:
        raise ConfigError(f"{key} is swept twice; give its values once")
    space[key] = dimension


def _refuse_twice(space: Space, fixed: Iterable[Override]) -> None:
    for override in fixed:
        if override.key in space:
            raise ConfigError(f"{override.key} is given as {override.text} and is swept as well")


def _settings(layers: Sequence[Layer], space: Space) -> dict[str, Any]:
    """What every trial has: what was chosen, without what is swept; of a swept name the first."""
    first = next(telling_points(space))
    resolved = resolve([*layers, Layer(settings=first)], BuiltinCatalog())
    tree = resolved.config.to_json()
    return {
        key: lookup(tree, split_key(key))
        for key in resolved.chosen
        if key not in space or key.endswith("_name")
    }


def _check_point(settings: dict[str, Any], point: dict[str, Any]) -> None:
    try:
        resolve_point(settings, point)
    except StrideError as error:
        where = ", ".join(f"{key}={shown(value)}" for key, value in point.items())
        raise type(error)(f"{error} (at the point {where})") from error
