"""A table on the screen: columns without rules, cut to the terminal, whole everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stride.cli.terminal import Terminal
from stride.cli.text import shortened, width_of

GAP = 2
_NARROWEST = 10
"""Columns of the screen below which no column of values is narrowed."""


@dataclass(frozen=True)
class Column:
    """A heading; `right` aligns numbers at their right end."""

    heading: str
    right: bool = False


@dataclass(frozen=True)
class Cell:
    """A text, harmless already, and the style it is painted in."""

    text: str
    style: str = ""


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], terminal: Terminal
) -> Iterator[str]:
    """The lines of a table, heading first; the last column gives way where the terminal ends."""
    widths = widths_of(columns, rows)
    if terminal.width is not None:
        taken = sum(widths[:-1]) + GAP * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(8, terminal.width - taken))
    heading = [Cell(column.heading, "bold") for column in columns]
    for row in (heading, *rows):
        yield _draw_row(row, columns, widths, terminal)


def _draw_row(
    row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], terminal: Terminal
) -> str:
    cells = [
        _draw_cell(cell, width, column.right, terminal)
        for column, cell, width in zip(columns, row, widths, strict=True)
    ]
    return (" " * GAP).join(cells).rstrip()


def _draw_cell(cell: Cell, width: int, right: bool, terminal: Terminal) -> str:
    text = shortened(cell.text, width)
    filling = " " * (width - width_of(text))
    painted = terminal.paint(text, cell.style)
    return filling + painted if right else painted + filling


def widths_of(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Columns of the screen that each column of the table takes when nothing is cut."""
    return [
        max(width_of(column.heading), *(width_of(row[index].text) for row in rows))
        if rows
        else width_of(column.heading)
        for index, column in enumerate(columns)
    ]


def draw_grouped(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell] | str], terminal: Terminal
) -> Iterator[str]:
    """A table with headings between its rows; a row that is a text is such a heading.

    On a terminal that is too narrow, the columns of values share the room that the names leave;
    those that have none come in further tables below, with the names again.
    """
    cells = [row for row in rows if not isinstance(row, str)]
    widths = widths_of(columns, cells)
    if terminal.width is None:
        yield from _draw_group(columns, rows, widths, terminal)
        return
    room = terminal.width - widths[0] - GAP
    at_once = max(1, (room + GAP) // (_NARROWEST + GAP))
    for first in range(1, len(columns), at_once):
        part = slice(first, first + at_once)
        yield from [""] if first > 1 else []
        yield from _draw_group(
            [columns[0], *columns[part]],
            [row if isinstance(row, str) else [row[0], *row[part]] for row in rows],
            [widths[0], *_shared(widths[part], room)],
            terminal,
        )


def _draw_group(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell] | str],
    widths: Sequence[int],
    terminal: Terminal,
) -> Iterator[str]:
    yield _draw_row([Cell(column.heading, "bold") for column in columns], columns, widths, terminal)
    for row in rows:
        if isinstance(row, str):
            yield terminal.paint(row, "bold")
        else:
            yield _draw_row(row, columns, widths, terminal)


def _shared(widths: Sequence[int], room: int) -> list[int]:
    """Narrow the widest columns until all fit."""
    shared = list(widths)
    while sum(shared) + GAP * (len(shared) - 1) > room and max(shared) > _NARROWEST:
        shared[shared.index(max(shared))] -= 1
    return shared
