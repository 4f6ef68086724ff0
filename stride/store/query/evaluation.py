"""Asking a query of tables of runs: each comparison once a distinct value, then a code a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from stride.config.nearest import nearest
from stride.errors import QueryError
from stride.store.index.column import Column
from stride.store.index.run_table import RunTable
from stride.store.query.moments import (
    DURATION_FORMS,
    MOMENT_FORMS,
    Span,
    parse_duration,
    parse_span,
    stored_moment,
)
from stride.store.query.tokens import refuse
from stride.store.query.tree import (
    And,
    Comparison,
    Condition,
    Contains,
    Is,
    Leaf,
    Literal,
    Matches,
    Member,
    Name,
    Not,
    Or,
    Value,
    value_text,
)
from stride.store.query.truth import (
    NEITHER,
    NO,
    YES,
    Test,
    containment,
    equality,
    is_nan,
    kind_of,
    kinds_of,
    matching,
    membership,
    order,
    pairing,
    timing,
)
from stride.store.query.vocabulary import Vocabulary

STATUSES: Final = (
    "created",
    "running",
    "completed",
    "stopped",
    "failed",
    "crashed",
    "stalled",
    "unknown",
    "unreadable",
)
"""Every status that a reader may find."""

_ORDERED: Final = frozenset({"a number", "a text"})
_NEGATION: Final = bytes.maketrans(bytes([NO, NEITHER, YES]), bytes([YES, NEITHER, NO]))


class Evaluation:
    """One query, asked of some tables.

    Args:
        query: as it was typed, for the sentences of errors.
        now: an aware moment, which `2 days ago` is counted from.
    """

    def __init__(
        self, query: str, tables: Sequence[RunTable], vocabulary: Vocabulary, now: datetime
    ) -> None:
        self._query = query
        self._tables = tables
        self._vocabulary = vocabulary
        self._now = now

    def rows(self, condition: Condition) -> list[bytes]:
        """For each table a byte a run: YES where the condition is true of it.

        Raises:
            QueryError: a name is unknown, or values are compared that never can be.
        """
        match condition:
            case Not(inner):
                return [rows.translate(_NEGATION) for rows in self.rows(inner)]
            case And(parts):
                return self._joined([self.rows(part) for part in parts], int.__and__)
            case Or(parts):
                return self._joined([self.rows(part) for part in parts], int.__or__)
            case _:
                return self._leaf(condition)

    def _joined(self, parts: Sequence[list[bytes]], join: Callable[[int, int], int]) -> list[bytes]:
        """The bytes of all rows at once, as one large number."""
        joined = []
        for index, table in enumerate(self._tables):
            whole = int.from_bytes(parts[0][index], "little")
            for part in parts[1:]:
                whole = join(whole, int.from_bytes(part[index], "little"))
            joined.append(whole.to_bytes(len(table), "little"))
        return joined

    def _leaf(self, leaf: Leaf) -> list[bytes]:
        name = self._resolved(leaf.name)
        match leaf:
            case Is(_, "missing"):
                lists = name in ("run.tags", "run.parents")  # of which no run is without one
                absent = YES if lists else NO
                return self._spread(name, lambda value: absent if value == () else NO, missing=YES)
            case Is():
                return self._spread(name, lambda value: YES if is_nan(value) else NO, missing=NO)
            case Comparison(_, sign, other):
                if isinstance(other, Name):
                    return self._pairs(name, sign, self._resolved(other), leaf)
                return self._spread(name, self._comparison(name, sign, other, leaf))
            case Member(_, values, position):
                return self._spread(name, self._membership(name, values, position, leaf))
            case Contains(_, part):
                wanted = {"a text", "a list"} if isinstance(part.value, str) else {"a list"}
                self._check(name, wanted, f"cannot contain {part}", leaf, part.position)
                return self._spread(name, containment(part.value))
            case Matches(_, pattern):
                wanted = {"a text", "a list"}
                self._check(name, wanted, f"cannot match {pattern}", leaf, pattern.position)
                return self._spread(name, matching(str(pattern.value)))

    def _comparison(self, name: str, sign: str, literal: Literal, leaf: Leaf) -> Test:
        value = literal.value
        if name == "run.created" and isinstance(value, str):
            return timing(sign, self._span(value, literal.position), stored_moment)
        if name == "run.seconds" and isinstance(value, str):
            value = self._duration(value, literal.position)
        if value is not None:
            self._check_status(name, [value], literal.position)
            what = f"cannot be compared with {_worded(value)}"
            self._check(name, {kind_of(value)}, what, leaf, literal.position)
        return equality(sign, value) if sign in ("==", "!=") else order(sign, value)

    def _membership(self, name: str, values: Sequence[Value], position: int, leaf: Leaf) -> Test:
        if name == "run.created":
            return self._within(values, position)
        if name == "run.seconds":
            values = [
                self._duration(value, position) if isinstance(value, str) else value
                for value in values
            ]
        self._check_status(name, values, position)
        if values and None not in values:
            what = f"cannot be one of {value_text(tuple(values))}"
            self._check(name, {kind_of(value) for value in values}, what, leaf, position)
        return membership(values)

    def _within(self, values: Sequence[Value], position: int) -> Test:
        spans = [
            timing("==", self._span(value, position), stored_moment)
            for value in values
            if isinstance(value, str)
        ]
        return lambda moment: max((test(moment) for test in spans), default=NO)

    def _spread(self, name: str, test: Test, *, missing: int = NEITHER) -> list[bytes]:
        """Ask each distinct value of a column, then give every run the answer of its value."""
        found = []
        for table in self._tables:
            column = table.columns.get(name)
            if column is None:
                found.append(bytes([missing]) * len(table))
                continue
            answers = [missing, *map(test, column.values[1:])]
            found.append(bytes(map(answers.__getitem__, column.codes)))
        return found

    def _pairs(self, left: str, sign: str, right: str, leaf: Leaf) -> list[bytes]:
        """Ask each pair of values once."""
        test = pairing(sign)
        kinds = self._kinds(right) & _ORDERED if sign not in ("==", "!=") else self._kinds(right)
        if self._kinds(right):
            self._check(left, kinds, f"cannot be compared with {right}", leaf, leaf.name.position)
        found = []
        for table in self._tables:
            columns = (table.columns.get(left), table.columns.get(right))
            if columns[0] is None or columns[1] is None:
                found.append(bytes([NEITHER]) * len(table))
                continue
            values, others = (column.values for column in columns if column is not None)
            known: dict[tuple[int, int], int] = {}
            answers = bytearray()
            for pair in zip(columns[0].codes, columns[1].codes, strict=True):
                if (answer := known.get(pair)) is None:
                    there = pair[0] and pair[1]
                    answer = test(values[pair[0]], others[pair[1]]) if there else NEITHER
                    known[pair] = answer
                answers.append(answer)
            found.append(bytes(answers))
        return found

    def _resolved(self, name: Name) -> str:
        try:
            return self._vocabulary.resolve(name.text)
        except QueryError as error:
            raise refuse(str(error), self._query, name.position) from error

    def _span(self, text: str, position: int) -> Span:
        if span := parse_span(text, self._now):
            return span
        hint = f", as in '{text} ago'" if parse_duration(text) is not None else f": {MOMENT_FORMS}"
        raise refuse(f"{value_text(text)} is no moment; give one{hint}", self._query, position)

    def _duration(self, text: str, position: int) -> float:
        if (seconds := parse_duration(text)) is not None:
            return seconds
        what = f"{value_text(text)} is no duration; give seconds, or {DURATION_FORMS}"
        raise refuse(what, self._query, position)

    def _check_status(self, name: str, values: Sequence[Value], position: int) -> None:
        """A status that there is not is a slip of the hand, not a question."""
        if name != "run.status":
            return
        for value in values:
            if isinstance(value, str) and value not in STATUSES:
                near = nearest(value, STATUSES)
                hint = f"did you mean '{near}'?" if near else f"there are {', '.join(STATUSES)}"
                what = f"there is no status {value_text(value)}; {hint}"
                raise refuse(what, self._query, position)

    def _check(
        self, name: str, wanted: set[str] | frozenset[str], what: str, leaf: Leaf, position: int
    ) -> None:
        """Refuse to compare what no run could answer; runs that could not, among others, may be.

        Raises:
            QueryError: no value of the column is of a wanted kind.
        """
        kinds = self._kinds(name)
        if kinds and not kinds & wanted and (kinds := self._kinds(name, used=True)):
            said = f"{leaf.name} is {' or '.join(sorted(kinds))} and {what}"
            raise refuse(f"{said}{self._hint(name, leaf)}", self._query, position)

    def _kinds(self, name: str, *, used: bool = False) -> set[str]:
        """What the values of a column are, in words; nothing where no run has one.

        A column may know values that no run has any more; `used` leaves them out.
        """
        if name in ("run.created", "run.status", "run.name"):
            return {"a text"}
        found: set[str] = set()
        for table in self._tables:
            column: Column | None = table.columns.get(name)
            if column is not None:
                codes = set(column.codes) if used else range(len(column.values))
                found |= kinds_of(column.values[code] for code in codes if code)
        return found

    def _hint(self, name: str, leaf: Leaf) -> str:
        """Another way to say it, where there is one."""
        field = name.removeprefix("run.")
        if name == "run.tags":
            return "; write 'paper' in tags"
        if name == "run.name":
            return "; write number, which is one"
        if name.startswith("run.") and f"metric.{field}" in self._vocabulary.columns:
            return f"; the metric is metric.{field}"
        return ""


def _worded(value: Any) -> str:
    return (
        value_text(value) if isinstance(value, tuple) else f"{kind_of(value)}, {value_text(value)}"
    )
