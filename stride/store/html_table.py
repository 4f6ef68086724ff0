"""Selected runs as a table of a notebook: HTML without style or script of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from stride.config.differing_keys import differing_keys, short_names
from stride.store.index.column import MISSING

if TYPE_CHECKING:
    from stride.store.selection import Selection

MOST: Final = 30
"""Runs that are shown; how many more there are is said below."""

_FIELDS: Final = {
    "run": "name",
    "status": "status",
    "created": "created",
    "epoch": "epoch",
    "tags": "tags",
}
_METRICS: Final = 2
_KEYS: Final = 8
_LONGEST: Final = 60


def draw_html(selection: Selection) -> str:
    """Run, status, creation, epoch, best metrics and the config keys that differ, of each run.

    All that comes from files is escaped.
    """
    places = selection.places[:MOST]
    if not places:
        return "<p>no runs</p>"
    columns = [(heading, _run_cells(selection, places, name)) for heading, name in _FIELDS.items()]
    columns += [
        (f"best {name}", [selection.value(place, f"best.{name}") for place in places])
        for name in _monitors(selection, places)
    ]
    columns += _key_columns(selection, places)
    shown = [(heading, cells) for heading, cells in columns if set(map(id, cells)) != {id(MISSING)}]
    head = "".join(f"<th>{escape(heading)}</th>" for heading, _ in shown)
    body = "\n".join(
        f"<tr>{''.join(_cell(cells[row]) for _, cells in shown)}</tr>" for row in range(len(places))
    )
    table = (
        f'<table class="dataframe">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )
    more = selection.total - len(places)
    return f"{table}\n<p>{len(places)} of {selection.total} runs</p>" if more else table


def _run_cells(selection: Selection, places: Sequence[tuple[int, int]], name: str) -> list[Any]:
    """What is known of the runs themselves, as it is shown; nothing for an empty list."""
    cells = [selection.value(place, f"run.{name}") for place in places]
    if name == "created":
        return [_local(cell) if isinstance(cell, str) else MISSING for cell in cells]
    if name == "tags":
        return [" ".join(cell) if cell and cell is not MISSING else MISSING for cell in cells]
    return cells


def _local(moment: str) -> str:
    """A stored moment in local time, to the minute; as it is where it is none."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return moment


def _monitors(selection: Selection, places: Sequence[tuple[int, int]]) -> list[str]:
    counts = Counter(
        name
        for name in selection.vocabulary.columns
        if name.startswith("best.")
        for place in places
        if selection.value(place, name) is not MISSING
    )
    return [name.removeprefix("best.") for name, _ in counts.most_common(_METRICS)]


def _key_columns(
    selection: Selection, places: Sequence[tuple[int, int]]
) -> list[tuple[str, list[Any]]]:
    leaves: list[dict[str, Any]] = [{} for _ in places]
    for column in selection.vocabulary.columns:
        if column.startswith("config."):
            for of_run, place in zip(leaves, places, strict=True):
                if (value := selection.value(place, column)) is not MISSING:
                    of_run[column.removeprefix("config.")] = value
    chosen = {
        key
        for place in places
        if (keys := selection.value(place, "run.chosen")) is not MISSING
        for key in keys
    }
    telling = [*differing_keys(leaves, chosen).telling][:_KEYS]
    headings = short_names(telling)
    return [(headings[key], [of_run.get(key, MISSING) for of_run in leaves]) for key in telling]


def _cell(value: Any) -> str:
    if value is MISSING:
        return "<td></td>"
    if isinstance(value, float):
        return f"<td>{value:.6g}</td>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"<td>{escape(short)}</td>"
