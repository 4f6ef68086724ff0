"""The search space: for each swept key its dimension, some values or a range of numbers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Scalar = str | int | float | bool | None
Point = Mapping[str, Any]
"""Dotted keys with JSON values."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """One of some JSON values."""

    values: tuple[Any, ...]

    @property
    def samples(self) -> tuple[Any, ...]:
        """Values by which the dimension is checked: all."""
        return self.values

    def __str__(self) -> str:
        return ", ".join(value if isinstance(value, str) else json.dumps(value)
                         for value in self.values)  # fmt: skip


class Real(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="real"):
    """A number from `low` to `high`, both included; spread evenly over its logarithm with `log`."""

    low: float
    high: float
    log: bool = False

    @property
    def samples(self) -> tuple[Any, ...]:
        """Values by which the dimension is checked: its ends."""
        return (self.low, self.high)

    def __str__(self) -> str:
        return f"{'log' if self.log else 'uniform'} from {self.low:g} to {self.high:g}"


class Whole(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="whole"):
    """A whole number from `low` to `high`, both included, in steps."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    @property
    def samples(self) -> tuple[Any, ...]:
        """Values by which the dimension is checked: its ends."""
        return (self.low, self.high)

    def __str__(self) -> str:
        steps = f" in steps of {self.step}" if self.step > 1 else ""
        return f"{'log ' if self.log else ''}whole from {self.low} to {self.high}{steps}"


Dimension = Choice | Real | Whole
Space = Mapping[str, Dimension]
"""Dotted keys with their dimensions, in the order in which they were given."""


def is_grid(space: Space) -> bool:
    """Whether every dimension has a list of values."""
    return all(isinstance(dimension, Choice) for dimension in space.values())


def grid_size(space: Space) -> int:
    """How many points a grid has."""
    size = 1
    for dimension in space.values():
        size *= len(dimension.samples)
    return size


def grid_point(space: Space, number: int) -> dict[str, Any]:
    """A point of the grid, counted from 0; the last key changes fastest."""
    point: dict[str, Any] = {}
    for key, dimension in reversed(list(space.items())):
        number, index = divmod(number, len(dimension.samples))
        point[key] = dimension.samples[index]
    return {key: point[key] for key in space}


def telling_points(space: Space) -> Iterator[dict[str, Any]]:
    """Points that between them say whether every point of the space makes a config.

    What a value must be depends on the names that are picked, and on nothing else: so each value
    stands once beside each combination of names.
    """
    named = {key: dimension for key, dimension in space.items() if key.endswith("_name")}
    others = {key: dimension for key, dimension in space.items() if key not in named}
    for names in itertools.product(*(dimension.samples for dimension in named.values())):
        first = {key: dimension.samples[0] for key, dimension in others.items()}
        base = dict(zip(named, names, strict=True)) | first
        yield {key: base[key] for key in space}
        for key, dimension in others.items():
            for value in dimension.samples[1:]:
                yield {each: value if each == key else base[each] for each in space}


def label(value: Any) -> Scalar:
    """A value as Optuna keeps a category: scalars as they are, lists and mappings as JSON."""
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(value)


def value_of(dimension: Dimension, kept: Any) -> Any:
    """The JSON value that Optuna's category stands for, or the number itself."""
    if not isinstance(dimension, Choice):
        return kept
    for value in dimension.values:
        found = label(value)
        if type(found) is type(kept) and found == kept:
            return value
    return kept
