"""The table of `stride list`: fixed columns, the best metrics, and the config keys that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from stride.cli.page import wrapped
from stride.cli.status import STYLES
from stride.cli.table import GAP, Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import cut, harmless, shortened, width_of
from stride.cli.value import (
    NOTHING,
    metric_text,
    moment_text,
    progress_text,
    short_moment_texts,
    value_text,
)
from stride.config.differences import ABSENT, flatten
from stride.config.differing_keys import DifferingKeys, differing_keys, following_text, short_names
from stride.store.row import UNREADABLE, Row

_MONITORS = 2
_WIDEST_VALUE = 24
_TROUBLED = frozenset({"failed", "crashed", "stalled", "unknown", "stopped", UNREADABLE})

CHANGED = "*"
"""Stands behind a value that an attempt changed; config.json has another."""
CHANGED_NOTE = f"{CHANGED} changed by a later attempt"

Drawn = tuple[Column, list[Cell]]
"""A column with its cells, one a row."""


def draw_listing(rows: Sequence[Row], terminal: Terminal) -> Iterator[str]:
    """The lines: a table, what has no room in it, and the reason of every status that needs one."""
    readable = [row for row in rows if row.settings is not None]
    chosen = {key for row in readable for key in row.chosen}
    keys = differing_keys([flatten(row.settings or {}) for row in readable], chosen)
    fixed = [*_fixed_columns(rows, terminal), *_metric_columns(rows)]
    shown, left_out = _fit(fixed, _key_columns(rows, readable, keys, terminal), terminal)
    columns = [column for column, _ in shown]
    cells = [[cells[index] for _, cells in shown] for index in range(len(rows))]
    yield from draw_table(columns, cells, terminal)
    notes = [*_notes(keys, left_out)]
    if any(cell.text.endswith(CHANGED) for row in cells for cell in row):
        notes.append(CHANGED_NOTE)
    for lines in (notes, [*_reasons(rows, terminal)]):
        if lines:
            yield ""
            yield from (part for line in lines for part in wrapped(line, terminal, hanging=2))


def _fixed_columns(rows: Sequence[Row], terminal: Terminal) -> Iterator[Drawn]:
    yield Column("run", right=True), [Cell(row.run.name, "bold") for row in rows]
    yield Column("status"), [Cell(row.status, STYLES[row.status]) for row in rows]
    moments = [row.record.created if row.record else None for row in rows]
    if terminal.width is None:
        texts = [moment_text(moment) for moment in moments]
    else:
        texts = short_moment_texts(moments, datetime.now().astimezone().date())
    yield Column("created"), [Cell(text) for text in texts]
    progress = [row.record.progress if row.record else None for row in rows]
    yield Column("progress"), [Cell(progress_text(each)) for each in progress]
    tags = [harmless(" ".join(row.labels.tags)) if row.labels else "" for row in rows]
    if any(tags):
        yield Column("tags"), [Cell(text, "yellow") for text in tags]


def _metric_columns(rows: Sequence[Row]) -> Iterator[Drawn]:
    """The best value by each monitor; the monitors that most runs share, two at most."""
    bests = [{best.monitor: best for best in row.record.best} if row.record else {} for row in rows]
    counts = Counter(monitor for best in bests for monitor in best)
    for monitor, _ in counts.most_common(_MONITORS):
        values = [
            metric_text(best[monitor].value) if monitor in best else NOTHING for best in bests
        ]
        yield Column(f"best {harmless(monitor)}", right=True), [Cell(text) for text in values]


def _key_columns(
    rows: Sequence[Row], readable: Sequence[Row], keys: DifferingKeys, terminal: Terminal
) -> dict[str, Drawn]:
    """A column a key that tells something, by its heading."""
    headings = short_names(list(keys.telling))
    columns = {}
    for key, values in keys.telling.items():
        of_row = {id(row): value for row, value in zip(readable, values, strict=True)}
        cells = [_key_cell(row, key, of_row.get(id(row), ABSENT), terminal) for row in rows]
        columns[headings[key]] = (Column(harmless(headings[key])), cells)
    return columns


def _key_cell(row: Row, key: str, value: Any, terminal: Terminal) -> Cell:
    """A value; what nobody chose stands back."""
    if value is ABSENT:
        return Cell(NOTHING, "dim")
    text = value_text(value)
    if terminal.width is not None:
        text = shortened(text, _WIDEST_VALUE)
    mark = CHANGED if key in row.changed else ""
    return Cell(text + mark, "" if key in row.chosen else "dim")


def _fit(
    fixed: list[Drawn], keys: dict[str, Drawn], terminal: Terminal
) -> tuple[list[Drawn], list[str]]:
    """The columns that the terminal has room for, and the headings of those that it has not."""
    if terminal.width is None:
        return [*fixed, *keys.values()], []
    shown, left_out = list(fixed), []
    room = terminal.width - sum(_width(drawn) + GAP for drawn in fixed)
    for heading, drawn in keys.items():
        width = _width(drawn)
        if width <= room:
            shown.append(drawn)
            room -= width + GAP
        else:
            left_out.append(harmless(heading))
    return shown, left_out


def _width(drawn: Drawn) -> int:
    column, cells = drawn
    return max(width_of(column.heading), *(width_of(cell.text) for cell in cells))


def _notes(keys: DifferingKeys, left_out: Sequence[str]) -> Iterator[str]:
    """One line that names the keys that have no column."""
    following = harmless(following_text(keys))
    if left_out or following:
        both = "; and " if left_out and following else ""
        yield f"also differ: {', '.join(left_out)}{both}{following}"


def _reasons(rows: Sequence[Row], terminal: Terminal) -> Iterator[str]:
    """Why runs are not what they should be; runs with the same reason share a line.

    On a terminal about two lines each: `stride show` has all.
    """
    runs: dict[str, list[str]] = {}
    for row in rows:
        if row.problem:
            runs.setdefault(f" cannot be read: {harmless(row.problem)}", []).append(row.run.name)
        elif row.status in _TROUBLED and row.verdict is not None and row.verdict.reason:
            runs.setdefault(f": {harmless(row.verdict.text)}", []).append(row.run.name)
    for reason, names in runs.items():
        line = f"{'run' if len(names) == 1 else 'runs'} {', '.join(names)}{reason}"
        yield line if terminal.width is None else cut(line, 2 * terminal.width - 10)
