"""Two tables of two trainings, row by row: where they part first, and by how much at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stride.tables import Cell

Rows = Sequence[Mapping[str, Cell]]

_PLACE: Final = frozenset({"step", "epoch"})


@dataclass(frozen=True)
class Parting:
    """A value that is not the same in two trainings.

    Attributes:
        table: the file it stands in, as `steps.csv`.
        step, epoch: of its row; None for what belongs to the end of a training.
        after: the step of the row before, to which the values of this one go back; 0 for the first.
        absolute: how far apart two numbers are; None where one of the values is none.
        relative: the same, by the larger of the two; infinite where nan or nothing meets a number.
    """

    table: str
    column: str
    first: Cell
    second: Cell
    step: int | None = None
    epoch: int | None = None
    after: int | None = None
    absolute: float | None = None
    relative: float = math.inf


@dataclass(frozen=True)
class TableVerification:
    """What two tables have in common.

    Attributes:
        rows: how many rows of the same steps both have.
        agreed: the last step up to which all such rows are the same; None where not even the first.
        alone: how many rows only the first, and only the second has.
        ends: the step of the last row of each; 0 where there is none.
        columns: names of columns that only one has.
        parting: the first value that is not the same.
        beyond: the first that is further off than the tolerance.
        largest: the value that is furthest off.
    """

    table: str
    rows: int
    agreed: int | None
    alone: tuple[int, int]
    ends: tuple[int, int]
    columns: tuple[tuple[str, ...], tuple[str, ...]]
    parting: Parting | None
    beyond: Parting | None
    largest: Parting | None


def verify_tables(
    table: str,
    first: Rows,
    second: Rows,
    tolerance: float = 0.0,
    *,
    exact: Iterable[str] = (),
    spans: bool = True,
) -> TableVerification:
    """Compare two tables that have a `step` in each row.

    Values are means since the row before: rows are comparable where both trainings have one at this
    step, and the row before it is of the same step too. Numbers are the same if they are equal, nan
    included.

    Args:
        tolerance: how far off a value may be, relative to the larger one of the two.
        exact: columns that hold no numbers: they must be equal whatever the tolerance.
        spans: whether a row goes back to the one before; else each stands for its step alone.
    """
    here, there = (_by_span(rows, spans=spans) for rows in (first, second))
    common = [span for span in here if span in there]
    names = tuple(dict.fromkeys(name for row in rows for name in row) for rows in (first, second))
    shared = [name for name in names[0] if name in names[1] and name not in _PLACE]
    exactly = frozenset(exact)
    parting = beyond = largest = None
    agreed: int | None = None
    for span in common:
        for each in _differences(table, span, here[span], there[span], shared):
            parting = parting or each
            if each.relative > tolerance or each.column in exactly:
                beyond = beyond or each
            if each.column not in exactly and (largest is None or _further(each, largest)):
                largest = each
        agreed = span[1] if parting is None else agreed
    return TableVerification(
        table=table,
        rows=len(common),
        agreed=agreed,
        alone=(len(here) - len(common), len(there) - len(common)),
        ends=(_end(here), _end(there)),
        columns=tuple(  # type: ignore[arg-type]  # of two
            tuple(name for name in own if name not in other and name not in _PLACE)
            for own, other in (names, names[::-1])
        ),
        parting=parting,
        beyond=beyond,
        largest=largest,
    )


def verify_values(
    table: str, first: Mapping[str, Cell], second: Mapping[str, Cell]
) -> list[Parting]:
    """Compare values that belong to the end of a training; what only one has is passed over."""
    shared = [name for name in first if name in second]
    return list(_differences(table, (None, None), first, second, shared))


_Span = tuple[int | None, int | None]


def _by_span(rows: Rows, *, spans: bool) -> dict[_Span, Mapping[str, Cell]]:
    """The rows by the step before and their own; of rows of the same step the last counts."""
    found: dict[int, Mapping[str, Cell]] = {}
    for row in rows:
        step = row.get("step")
        if isinstance(step, int):
            found[step] = row
    steps = sorted(found)
    before: list[int | None] = [0, *steps] if spans else [None] * len(steps)
    return {(last, step): found[step] for last, step in zip(before, steps, strict=False)}


def _end(rows: Mapping[_Span, object]) -> int:
    return max((step for _, step in rows if step is not None), default=0)


def _differences(
    table: str,
    span: _Span,
    first: Mapping[str, Cell],
    second: Mapping[str, Cell],
    names: Iterable[str],
) -> Iterator[Parting]:
    after, step = span
    epoch = first.get("epoch")
    for name in names:
        here, there = first.get(name), second.get(name)
        if is_same(here, there):
            continue
        absolute, relative = _distance(here, there)
        yield Parting(
            table=table,
            column=name,
            first=here,
            second=there,
            step=step,
            epoch=epoch if isinstance(epoch, int) else None,
            after=after,
            absolute=absolute,
            relative=relative,
        )


def is_same(first: Cell, second: Cell) -> bool:
    """Whether two cells hold the same; nan is the same as nan."""
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    return first == second


def _distance(first: Cell, second: Cell) -> tuple[float | None, float]:
    """How far two numbers are apart that are not the same: absolute, and by the larger one."""
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None, math.inf
    absolute = abs(first - second)
    if not math.isfinite(absolute):
        return absolute, math.inf
    return absolute, absolute / max(abs(first), abs(second))


def _further(one: Parting, other: Parting) -> bool:
    return one.relative > other.relative
