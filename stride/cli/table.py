"""A table on the screen: columns without rules, cut to the terminal, whole everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stride.cli.terminal import Terminal
from stride.cli.text import cut, pad, width_of

GAP = 2


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
    """The lines of a table, its heading first; the last column gives way where the terminal ends."""
    widths = widths_of(columns, rows)
    if terminal.width is not None:
        taken = sum(widths[:-1]) + GAP * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(8, terminal.width - taken))
    heading = [Cell(column.heading, "bold") for column in columns]
    for row in (heading, *rows):
        cells = [
            terminal.paint(pad(cut(cell.text, width), width, right=column.right), cell.style)
            for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        yield (" " * GAP).join(cells).rstrip()


def widths_of(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Columns of the screen that each column of the table takes when nothing is cut."""
    return [
        max(width_of(column.heading), *(width_of(row[index].text) for row in rows))
        if rows
        else width_of(column.heading)
        for index, column in enumerate(columns)
    ]
