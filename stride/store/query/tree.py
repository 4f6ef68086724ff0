"""A parsed query: what is asked of each run, as a tree of frozen parts, and as text again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from stride.store.query.tokens import quote_name, quote_text

Value = None | bool | int | float | str | tuple["Value", ...]
"""What a run may be compared with; a list is a tuple here. nan is none: nothing equals it."""


@dataclass(frozen=True)
class Name:
    """A name as it was typed; what it means is found when there are runs."""

    text: str
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return quote_name(self.text)


@dataclass(frozen=True)
class Literal:
    """A value as it was typed."""

    value: Value
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return value_text(self.value)


@dataclass(frozen=True)
class Comparison:
    """`name operator value`, where the operator is one of `== != < <= > >=`."""

    name: Name
    operator: str
    other: Name | Literal

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.other}"


@dataclass(frozen=True)
class Member:
    """`name in [value, ...]`."""

    name: Name
    values: tuple[Value, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.name} in {value_text(self.values)}"


@dataclass(frozen=True)
class Contains:
    """`name contains value`: a part of a text, or an element of a list."""

    name: Name
    part: Literal

    def __str__(self) -> str:
        return f"{self.name} contains {self.part}"


@dataclass(frozen=True)
class Matches:
    """`name ~ 'regular expression'`, found anywhere in a text or in an element of a list."""

    name: Name
    pattern: Literal

    def __str__(self) -> str:
        return f"{self.name} ~ {self.pattern}"


@dataclass(frozen=True)
class Is:
    """`name is missing` or `name is nan`: always true or false."""

    name: Name
    what: str

    def __str__(self) -> str:
        return f"{self.name} is {self.what}"


@dataclass(frozen=True)
class Not:
    """What is true where the other is false; where the other is neither, this is neither."""

    condition: Condition

    def __str__(self) -> str:
        match self.condition:
            case Member(name, values):
                return f"{name} not in {value_text(values)}"
            case Contains(name, part):
                return f"{name} not contains {part}"
            case Is(name, what):
                return f"{name} is not {what}"
            case And() | Or():
                return f"not ({self.condition})"
            case _:
                return f"not {self.condition}"


@dataclass(frozen=True)
class And:
    """All of two or more conditions."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(
            f"({part})" if isinstance(part, And | Or) else str(part) for part in self.conditions
        )


@dataclass(frozen=True)
class Or:
    """At least one of two or more conditions."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(
            f"({part})" if isinstance(part, Or) else str(part) for part in self.conditions
        )


Leaf = Comparison | Member | Contains | Matches | Is
Condition = Leaf | Not | And | Or


def value_text(value: Value) -> str:
    """A value as a query has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote_text(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(value)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The conditions that name something, from left to right."""
    match condition:
        case Not(inner):
            yield from leaves(inner)
        case And(conditions) | Or(conditions):
            for part in conditions:
                yield from leaves(part)
        case _:
            yield condition


def names_in(condition: Condition) -> Iterator[Name]:
    """The names of a query, from left to right."""
    for leaf in leaves(condition):
        yield leaf.name
        if isinstance(leaf, Comparison) and isinstance(leaf.other, Name):
            yield leaf.other


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator that says the same with its sides exchanged."""
