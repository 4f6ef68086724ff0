"""The page of `stride report --scaling`: a table for each training, and what is in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stride.cli.page import wrapped
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import NOTHING, value_text
from stride.config.differing_keys import short_names
from stride.report.scaling import Comparison, Point, Scaling

_WITH_START = "*"
_WITH_START_NOTE = f"{_WITH_START} the first epochs, with what happens once: there are no others"
_FEW = 5
_WIDEST_SETTING = 60


def draw_page(scaling: Scaling, terminal: Terminal) -> Iterator[str]:
    """The lines; none where there is no comparison."""
    if not scaling.comparisons:
        return
    for number, comparison in enumerate(scaling.comparisons):
        if number:
            yield ""
        if comparison.settings:
            yield from wrapped(_heading(comparison), terminal, hanging=2)
        yield from draw_table(*_table(comparison), terminal)
    notes = [f"left out: {_names(names)}, {why}" for why, names in scaling.left_out.items()]
    if any(point.with_start for each in scaling.comparisons for point in each.points):
        notes.insert(0, _WITH_START_NOTE)
    if notes:
        yield ""
        yield from (line for note in notes for line in wrapped(note, terminal, hanging=2))


def _heading(comparison: Comparison) -> str:
    """What tells the training from the others."""
    names = short_names(list(comparison.settings))
    parts = [f"{names[key]}={value_text(value)}" for key, value in comparison.settings.items()]
    return harmless(", ".join(part[:_WIDEST_SETTING] for part in parts))


def _table(comparison: Comparison) -> tuple[list[Column], list[list[Cell]]]:
    points = comparison.points
    keys = list(points[0].settings)
    headings = short_names(keys)
    columns = [
        Column("ranks", right=True),
        Column("machines", right=True),
        Column("threads", right=True),
        *(Column(harmless(headings[key]), right=True) for key in keys),
        Column("samples/s", right=True),
        Column("speed-up", right=True),
        Column("efficiency", right=True),
        Column("epochs", right=True),
        Column("runs"),
    ]
    return columns, [_row(point, keys) for point in points]


def _row(point: Point, keys: Sequence[str]) -> list[Cell]:
    return [
        Cell(str(point.ranks), "bold"),
        Cell(str(point.nodes)),
        Cell(_values(point.threads)),
        *(Cell(_values(point.settings[key])) for key in keys),
        Cell(f"{_rate(point.samples_per_second)}{_WITH_START if point.with_start else ''}"),
        Cell(f"{point.speed_up:.2f}"),
        Cell(f"{point.efficiency:.0%}"),
        Cell(str(point.epochs)),
        Cell(harmless(", ".join(point.runs))),
    ]


def _values(values: Sequence[Any]) -> str:
    return ", ".join(map(value_text, values)) or NOTHING


def _rate(rate: float) -> str:
    """Samples a second: whole ones where there are hundreds, else four digits."""
    return f"{rate:,.0f}" if rate >= 1000 else f"{rate:.4g}"


def _names(names: Sequence[str]) -> str:
    """The first few runs, and how many more."""
    shown = ", ".join(map(harmless, names[:_FEW]))
    more = len(names) - _FEW
    what = "run" if len(names) == 1 else "runs"
    return f"{what} {shown}" + (f" and {more} more" if more > 0 else "")
