"""What a condition says of one value: true, false, or neither, where it cannot be compared."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from stride.config.differences import same
from stride.store.query.moments import Span

NO: Final = 0
NEITHER: Final = 1
YES: Final = 3
"""Chosen so that `and` and `or` of three values are those of their bits."""

Test = Callable[[Any], int]
"""Of a value that is there: NO, NEITHER or YES."""

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}


def kind_of(value: object) -> str:
    """What a value is, in words."""
    return KINDS.get(type(value), "a value")


def kinds_of(values: Iterable[object]) -> set[str]:
    """What some values are; null is none, since it stands beside values of any kind."""
    return {KINDS.get(kind, "a value") for kind in set(map(type, values))} - {"null"}


def plain(value: Any) -> Any:
    """A value with lists in place of tuples, as JSON has them."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def is_nan(value: object) -> bool:
    """Whether the value is a float that is none."""
    return isinstance(value, float) and value != value


def equality(sign: str, literal: Any) -> Test:
    """`== literal` or `!= literal`: 1 is 1.0, but true is not 1; nan is neither."""
    equal, unequal = (YES, NO) if sign == "==" else (NO, YES)
    wanted = plain(literal)

    def test(value: Any) -> int:
        if value != value:  # nan
            return NEITHER
        return equal if same(plain(value), wanted) else unequal

    return test


def order(sign: str, literal: Any) -> Test:
    """`< literal` and so on; only a number and a number, or a text and a text, have an order."""
    holds = _OPERATORS[sign]
    kinds = (str,) if isinstance(literal, str) else (int, float)

    def test(value: Any) -> int:
        # `type` and not `isinstance`: a boolean is no number here, and it is asked of each value.
        if type(value) not in kinds or value != value:
            return NEITHER
        return YES if holds(value, literal) else NO

    return test


def membership(literals: Sequence[Any]) -> Test:
    """`in [...]`."""
    wanted = [plain(literal) for literal in literals]
    texts = frozenset(literal for literal in wanted if isinstance(literal, str))

    def test(value: Any) -> int:
        if type(value) is str:
            return YES if value in texts else NO
        if value != value:
            return NEITHER
        found = plain(value)
        return YES if any(same(found, literal) for literal in wanted) else NO

    return test


def containment(literal: Any) -> Test:
    """`contains literal`: a part of a text, or an element of a list."""
    wanted = plain(literal)

    def test(value: Any) -> int:
        if isinstance(value, str):
            return (YES if wanted in value else NO) if isinstance(wanted, str) else NEITHER
        if isinstance(value, list | tuple):
            return YES if any(same(plain(item), wanted) for item in value) else NO
        return NEITHER

    return test


def matching(pattern: str) -> Test:
    """`~ pattern`: found in a text, or in one of a list's texts."""
    search = re.compile(pattern).search

    def test(value: Any) -> int:
        if isinstance(value, str):
            return YES if search(value) else NO
        if isinstance(value, list | tuple):
            texts = (item for item in value if isinstance(item, str))
            return YES if any(map(search, texts)) else NO
        return NEITHER

    return test


def timing(sign: str, span: Span, read: Callable[[str], float | None]) -> Test:
    """A stored moment against a moment, which is its own end, or a day.

    A day has an order by its midnight; equal to it is what lies within it.
    """

    def test(value: Any) -> int:
        moment = read(value) if isinstance(value, str) else None
        if moment is None:
            return NEITHER
        if sign in _OPERATORS:
            return YES if _OPERATORS[sign](moment, span.start) else NO
        within = span.start <= moment < span.end or moment == span.start
        return YES if within == (sign == "==") else NO

    return test


def pairing(sign: str) -> Callable[[Any, Any], int]:
    """The comparison of two values that are there."""

    def test(left: Any, right: Any) -> int:
        if sign in _OPERATORS:
            return order(sign, right)(left) if _has_order(right) else NEITHER
        return NEITHER if right != right else equality(sign, right)(left)

    return test


def _has_order(value: object) -> bool:
    return type(value) in (int, float, str) and value == value
