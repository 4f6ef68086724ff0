"""The table of `stride list`: fixed columns, the best metrics, and the config keys that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from stride.cli.row import STYLES, UNREADABLE, Row
from stride.cli.run_json import settings_of, status_of
from stride.cli.table import GAP, Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import cut, harmless, width_of
from stride.cli.value import NOTHING, metric_text, moment_text, value_text
from stride.config.differences import ABSENT, differing

_MONITORS = 2
_WIDEST_VALUE = 24
_TROUBLED = frozenset({"failed", "crashed", "stalled", "unknown", "stopped", UNREADABLE})

Drawn = tuple[Column, list[Cell]]
"""A column with its cells, one a row."""


def draw_listing(rows: Sequence[Row], terminal: Terminal) -> Iterator[str]:
    """The lines: a table, what has no room in it, and the reason of every status that needs one."""
    fixed = [*_fixed_columns(rows), *_metric_columns(rows)]
    keys = _key_columns(rows, cut_values=terminal.width is not None)
    shown, left_out = _fit(fixed, keys, terminal)
    columns = [column for column, _ in shown]
    cells = [[cells[index] for _, cells in shown] for index in range(len(rows))]
    yield from draw_table(columns, cells, terminal)
    if left_out:
        yield ""
        yield f"also differ: {', '.join(left_out)}"
    reasons = [_reason(row) for row in rows if status_of(row) in _TROUBLED]
    if any(reasons):
        yield ""
        yield from (reason for reason in reasons if reason)


def _fixed_columns(rows: Sequence[Row]) -> Iterator[Drawn]:
    yield Column("run", right=True), [Cell(row.run.name, "bold") for row in rows]
    states = [status_of(row) for row in rows]
    yield Column("status"), [Cell(status, STYLES[status]) for status in states]
    yield (
        Column("created"),
        [Cell(moment_text(r.record.created if r.record else None)) for r in rows],
    )
    yield Column("progress"), [Cell(progress_text(row)) for row in rows]
    tags = [harmless(" ".join(row.labels.tags)) if row.labels else "" for row in rows]
    if any(tags):
        yield Column("tags"), [Cell(text, "yellow") for text in tags]


def progress_text(row: Row) -> str:
    """How far a run is: `epoch 3/20`, or `step 1200/5000` where it counts steps alone."""
    progress = row.record.progress if row.record else None
    if progress is None:
        return NOTHING
    if progress.epoch is not None:
        return _part("epoch", progress.epoch, progress.max_epochs)
    if progress.step is not None:
        return _part("step", progress.step, progress.max_steps)
    return NOTHING


def _part(word: str, number: int, whole: int | None) -> str:
    return f"{word} {number}" if whole is None else f"{word} {number}/{whole}"


def _metric_columns(rows: Sequence[Row]) -> Iterator[Drawn]:
    """The best value by each monitor; the monitors that most runs share, two at most."""
    bests = [{best.monitor: best for best in row.record.best} if row.record else {} for row in rows]
    counts = Counter(monitor for best in bests for monitor in best)
    for monitor, _ in counts.most_common(_MONITORS):
        values = [
            metric_text(best[monitor].value) if monitor in best else NOTHING for best in bests
        ]
        yield Column(f"best {harmless(monitor)}", right=True), [Cell(text) for text in values]


def _key_columns(rows: Sequence[Row], *, cut_values: bool) -> list[tuple[str, Drawn]]:
    """Config keys that differ among the runs: chosen ones first, then what follows from a name."""
    readable = [row for row in rows if row.config is not None]
    found = differing([settings_of(row.config) or {} for row in readable])
    chosen = {key for row in readable if row.record for key in row.record.chosen}
    named = {key.rpartition(".")[0] for key in found if key.endswith("_name")}
    keys = sorted(found, key=lambda key: (key not in chosen, key.rpartition(".")[0] in named))
    headings = short_names(keys)
    columns = []
    for key in keys:
        values = {id(row): value for row, value in zip(readable, found[key], strict=True)}
        cells = [_key_cell(values.get(id(row), ABSENT), cut_values) for row in rows]
        columns.append((key, (Column(harmless(headings[key])), cells)))
    return columns


def _key_cell(value: Any, cut_value: bool) -> Cell:
    if value is ABSENT:
        return Cell(NOTHING, "dim")
    text = value_text(value)
    return Cell(cut(text, _WIDEST_VALUE) if cut_value else text)


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The shortest distinct ends of dotted keys: `lr`, `train_loader_kwargs.batch_size`."""
    ends = {key: [key.split(".", cut)[-1] for cut in range(key.count("."), -1, -1)] for key in keys}
    uses = Counter(end for candidates in ends.values() for end in candidates)
    return {key: next(end for end in ends[key] if uses[end] == 1 or end == key) for key in keys}


def _fit(
    fixed: list[Drawn], keys: list[tuple[str, Drawn]], terminal: Terminal
) -> tuple[list[Drawn], list[str]]:
    """The columns that the terminal has room for, and the names of the keys that it has not."""
    if terminal.width is None:
        return [*fixed, *(drawn for _, drawn in keys)], []
    shown, left_out = list(fixed), []
    room = terminal.width - sum(_width(drawn) + GAP for drawn in fixed)
    for key, drawn in keys:
        width = _width(drawn)
        if width <= room:
            shown.append(drawn)
            room -= width + GAP
        else:
            left_out.append(harmless(key))
    return shown, left_out


def _width(drawn: Drawn) -> int:
    column, cells = drawn
    return max(width_of(column.heading), *(width_of(cell.text) for cell in cells))


def _reason(row: Row) -> str | None:
    if row.problem:
        return f"run {row.run.name} cannot be read: {harmless(row.problem)}"
    if row.verdict is None or not row.verdict.reason:
        return None
    return f"run {row.run.name}: {harmless(row.verdict.text)}"
