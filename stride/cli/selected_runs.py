"""The table of runs that were selected: as `list` draws them, or by columns that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from stride.cli.listing import Drawn, draw_fitting, draw_listing, shown_monitors
from stride.cli.run_columns import draw_column, headings_of
from stride.cli.table import Cell, Column
from stride.cli.terminal import Terminal
from stride.store.index.column import MISSING
from stride.store.row import read_present
from stride.store.selection import Selection

_IN_LISTING = frozenset(
    f"run.{name}" for name in ("name", "number", "status", "created", "epoch", "max_epochs", "tags")
)


def draw_selected(selection: Selection, named: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """The listing of the runs, and beside it the columns that query and order are about.

    Args:
        named: columns that the query and the sort keys name.
    """
    rows = [*read_present(selection.runs())]
    present = {row.run for row in rows}
    places = [place for place in selection.places if selection.run(place) in present]
    selection = replace(selection, places=places)
    monitors = shown_monitors(rows)
    shown = {f"best.{name}" for name in monitors}
    firsts = {name for name in selection.values("run.monitor") if name is not MISSING}
    if len(firsts) == 1:  # then a bare metric of this name is its best value
        shown |= {f"metric.{name}" for name in firsts if name in monitors}
    extra = [
        column
        for column in dict.fromkeys(named)
        if column not in shown | _IN_LISTING and not column.startswith("config.")
    ]
    yield from draw_listing(
        rows,
        terminal,
        further=_drawn(selection, extra, terminal),
        addresses=len(selection.tables) > 1,
    )


def draw_columns(selection: Selection, columns: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """The run and these columns; on a terminal those that have no room are named below."""
    several = len(selection.tables) > 1
    names = [run.address if several else run.name for run in selection.runs()]
    first: Drawn = (Column("run", right=not several), [Cell(name, "bold") for name in names])
    others = [column for column in columns if several or column != "run.name"]
    yield from draw_fitting([first], _drawn(selection, others, terminal), terminal)


def fields_of_columns(selection: Selection, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
    """A mapping a run: `address`, and by full name the columns that it has."""
    columns = [*columns]
    for place in selection.places:
        values = {column: selection.value(place, column) for column in columns}
        yield {
            "address": selection.run(place).address,
            **{column: value for column, value in values.items() if value is not MISSING},
        }


def _drawn(selection: Selection, columns: Sequence[str], terminal: Terminal) -> dict[str, Drawn]:
    headings = headings_of(columns)
    narrow = terminal.width is not None
    return {
        headings[column]: draw_column(
            column, headings[column], selection.values(column), narrow=narrow
        )
        for column in columns
    }
