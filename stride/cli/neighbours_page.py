"""The page of `stride neighbours`: the run, and a line for each change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stride.cli.page import wrapped
from stride.cli.table import GAP, Cell, Column, draw_table, widths_of
from stride.cli.terminal import Terminal
from stride.cli.text import cut, harmless, shortened
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differences import ABSENT, differing_leaves
from stride.config.differing_keys import short_names
from stride.report.measured import Mean, Measured
from stride.report.neighbours import Neighbour, Neighbourhood

_UNPAIRED = "*"
_UNPAIRED_NOTE = f"{_UNPAIRED} no seed in common: the means of all are compared"
_FEW_RUNS = 4
_WIDEST_VALUE = 30
_LEAST_CHANGE = 24
_RUNS_WIDTH = 10
"""Columns of the screen that are left to the runs."""


def draw_neighbourhood(
    address: str,
    measured: Measured,
    found: Neighbourhood,
    others: Sequence[frozenset[str]],
    terminal: Terminal,
) -> Iterator[str]:
    """The lines.

    Args:
        address: of the run.
        others: what else is different, one a neighbour.
    """
    runs = _runs(measured, found.own.rows)
    better = {"min": ", less is better", "max": ", more is better"}.get(found.mode or "", "")
    own = f"{harmless(measured.name)} {_mean_text(found.own.mean)}"
    n = found.own.mean.n
    of_seeds = " seeds" if n < len(found.own.rows) else ""
    heading = f"{harmless(address)}: {own} (n = {n}{of_seeds}: {runs}){better}"
    yield from wrapped(heading, terminal, hanging=2)
    if not found.neighbours:
        return
    yield ""
    changes = _changes(found.neighbours, terminal)
    columns = [
        Column("change"),
        Column(harmless(measured.name), right=True),
        Column("effect", right=True),
        Column("±", right=True),
        Column("n", right=True),
        *([Column("other")] if any(others) else []),
        Column("runs"),
    ]
    rows = []
    for neighbour, change, other in zip(found.neighbours, changes, others, strict=True):
        cells = [
            Cell(change, "cyan"),
            Cell(metric_text(neighbour.repeats.mean.value)),
            Cell(_signed(neighbour.effect.value), _style(neighbour.effect.value, found.mode)),
            Cell("" if neighbour.effect.error is None else small_text(neighbour.effect.error)),
            Cell(f"{neighbour.effect.n}{'' if neighbour.paired else _UNPAIRED}"),
        ]
        if any(others):
            cells.append(Cell(", ".join(sorted(other)), "yellow"))
        rows.append([*cells, Cell(_runs(measured, neighbour.repeats.rows), "dim")])
    if terminal.width is not None:
        taken = sum(widths_of(columns, rows)[1:-1]) + GAP * (len(columns) - 1) + _RUNS_WIDTH
        widest = max(_LEAST_CHANGE, terminal.width - taken)
        rows = [[Cell(cut(row[0].text, widest), row[0].style), *row[1:]] for row in rows]
    yield from draw_table(columns, rows, terminal)
    if not all(neighbour.paired for neighbour in found.neighbours):
        yield ""
        yield _UNPAIRED_NOTE


def _changes(neighbours: Sequence[Neighbour], terminal: Terminal) -> Iterator[str]:
    """`lr 0.001 → 0.0003`; of keys that go with a name, what tells one line from another."""
    short = short_names([neighbour.key for neighbour in neighbours])
    for neighbour in neighbours:
        values = (_value(value, terminal) for value in (neighbour.before, neighbour.after))
        text = f"{short[neighbour.key]} {' → '.join(values)}"
        alike = [n for n in neighbours if (n.key, n.after) == (neighbour.key, neighbour.after)]
        after = [{key: pair[1] for key, pair in n.following.items()} for n in alike]
        telling = differing_leaves(after)
        own = after[alike.index(neighbour)]
        words = [
            f"{key.rpartition('.')[2]} {_value(own.get(key, ABSENT), terminal)}" for key in telling
        ]
        more = len(neighbour.following) - len(words)
        if more:
            unit = "" if words else " key" if more == 1 else " keys"
            words.append(f"+{more}{unit}")
        yield harmless(text + (f" ({', '.join(words)})" if words else ""))


def _value(value: Any, terminal: Terminal) -> str:
    text = NOTHING if value is ABSENT else value_text(value)
    return text if terminal.width is None else shortened(text, _WIDEST_VALUE)


def _mean_text(mean: Mean) -> str:
    error = "" if mean.error is None else f" ± {small_text(mean.error)}"
    return f"{metric_text(mean.value)}{error}"


def small_text(value: float) -> str:
    """A difference or an error without its sign: four decimals, of a small one two digits."""
    value = abs(value)
    return (
        metric_text(value)
        if value >= 1000 or value == 0
        else (f"{value:.4f}" if value >= 0.0005 else f"{value:.1g}")
    )


def _signed(value: float) -> str:
    """`−0.0210`, with the true minus sign, as wide as a plus."""
    return ("−" if value < 0 else "+") + small_text(value)


def _style(effect: float, mode: str | None) -> str:
    if mode is None or effect == 0:
        return ""
    return "green" if (effect < 0) == (mode == "min") else "red"


def _runs(measured: Measured, rows: Sequence[int]) -> str:
    names = [harmless(measured.table.names[row]) for row in rows]
    more = len(names) - _FEW_RUNS
    return ", ".join(names[:_FEW_RUNS]) + (f" and {more} more" if more > 0 else "")
