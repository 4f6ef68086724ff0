"""The table of `stride list`: fixed columns, the best metrics, and the config keys that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
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


def draw_listing(
    rows: Sequence[Row],
    terminal: Terminal,
    *,
    further: Mapping[str, Drawn] = MappingProxyType({}),
    addresses: bool = False,
) -> Iterator[str]:
    """The lines: a table, what has no room in it, and the reason of every status that needs one.

    Args:
        further: columns by their headings, which come before the config keys.
        addresses: the runs are of several experiments, and called by them too.
    """
    readable = [row for row in rows if row.settings is not None]
    chosen = {key for row in readable for key in row.chosen}
    keys = differing_keys([flatten(row.settings or {}) for row in readable], chosen)
    names = [_name(row, addresses) for row in rows]
    first = Column("run", right=not addresses), [Cell(name, "bold") for name in names]
    fixed = [first, *_fixed_columns(rows, terminal), *_metric_columns(rows), *further.values()]
    shown, left_out = _fit(fixed, _key_columns(rows, readable, keys, terminal), terminal)
    yield from _draw(shown, terminal)
    notes = [*_notes(keys, left_out)]
    if any(cell.text.endswith(CHANGED) for _, cells in shown for cell in cells):
        notes.append(CHANGED_NOTE)
    for lines in (notes, [*_reasons(rows, names, terminal)]):
        if lines:
            yield ""
            yield from (part for line in lines for part in wrapped(line, terminal, hanging=2))


def draw_fitting(
    fixed: Sequence[Drawn],
    further: Mapping[str, Drawn],
    terminal: Terminal,
    *,
    behind: bool = False,
) -> Iterator[str]:
    """A table of columns; of the further ones, by heading, those that have no room are named.

    Args:
        behind: the fixed columns stand behind the others.
    """
    shown, left_out = _fit(fixed, further, terminal)
    if behind:
        shown = shown[len(fixed) :] + shown[: len(fixed)]
    yield from _draw(shown, terminal)
    if left_out:
        yield ""
        yield from wrapped(f"no room for: {', '.join(left_out)}", terminal, hanging=2)


def _draw(shown: Sequence[Drawn], terminal: Terminal) -> Iterator[str]:
    rows = [*zip(*(cells for _, cells in shown), strict=True)]
    yield from draw_table([column for column, _ in shown], rows, terminal)


def _name(row: Row, addresses: bool) -> str:
    return harmless(row.run.address) if addresses else row.run.name


def _fixed_columns(rows: Sequence[Row], terminal: Terminal) -> Iterator[Drawn]:
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


def shown_monitors(rows: Sequence[Row]) -> list[str]:
    """The monitors whose best values are shown: those that most runs share, two at most."""
    counts = Counter(best.monitor for row in rows if row.record for best in row.record.best)
    return [monitor for monitor, _ in counts.most_common(_MONITORS)]


def _metric_columns(rows: Sequence[Row]) -> Iterator[Drawn]:
    """The best value by each monitor."""
    bests = [{best.monitor: best for best in row.record.best} if row.record else {} for row in rows]
    for monitor in shown_monitors(rows):
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
    fixed: Sequence[Drawn], keys: Mapping[str, Drawn], terminal: Terminal
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


def has_room(columns: Iterable[Drawn], terminal: Terminal) -> bool:
    """Whether the terminal has room for all these columns."""
    return terminal.width is None or sum(_width(each) + GAP for each in columns) <= terminal.width


def _width(drawn: Drawn) -> int:
    column, cells = drawn
    return max(width_of(column.heading), *(width_of(cell.text) for cell in cells))


def _notes(keys: DifferingKeys, left_out: Sequence[str]) -> Iterator[str]:
    """One line that names the keys that have no column."""
    following = harmless(following_text(keys))
    if left_out or following:
        both = "; and " if left_out and following else ""
        yield f"also differ: {', '.join(left_out)}{both}{following}"


def _reasons(rows: Sequence[Row], names: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """Why runs are not what they should be; runs with the same reason share a line.

    On a terminal about two lines each: `stride show` has all.
    """
    runs: dict[str, list[str]] = {}
    for row, name in zip(rows, names, strict=True):
        if row.problem:
            runs.setdefault(f" cannot be read: {harmless(row.problem)}", []).append(name)
        elif row.status in _TROUBLED and row.verdict is not None and row.verdict.reason:
            runs.setdefault(f": {harmless(row.verdict.text)}", []).append(name)
    for reason, of_runs in runs.items():
        line = f"{'run' if len(of_runs) == 1 else 'runs'} {', '.join(of_runs)}{reason}"
        yield line if terminal.width is None else cut(line, 2 * terminal.width - 10)
