"""Columns of runs that were asked for by name: which they are, their headings and cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stride.cli.status import STYLES
from stride.cli.table import Cell, Column
from stride.cli.text import harmless, shortened
from stride.cli.value import NOTHING, duration_text, metric_text, moment_text, value_text
from stride.config.differing_keys import short_names
from stride.store.index.column import MISSING
from stride.store.query.vocabulary import Vocabulary, is_glob, short_name

_WIDEST = 40
_VALUES = ("metric.", "last.", "best.", "min.", "max.", "test.")


def split_names(texts: Iterable[str]) -> list[str]:
    """Names with commas between them, in several options, as one list."""
    return [name for text in texts for part in text.split(",") if (name := part.strip())]


def find_columns(names: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The columns of names and globs, each once, in the order in which they are given.

    Raises:
        QueryError: a name is unknown, or a glob fits nothing.
    """
    found: dict[str, None] = {}
    for name in names:
        columns = vocabulary.matching(name) if is_glob(name) else [vocabulary.resolve(name)]
        found |= dict.fromkeys(columns)
    return [*found]


def headings_of(columns: Sequence[str]) -> dict[str, str]:
    """What columns are called on the screen: shortly, and in full where that would mean two."""
    keys = [column.removeprefix("config.") for column in columns if column.startswith("config.")]
    short = short_names(keys)
    names = {
        column: short[column.removeprefix("config.")]
        if column.startswith("config.")
        else short_name(column)
        for column in columns
    }
    uses = [*names.values()]
    return {
        column: harmless(name if uses.count(name) == 1 else column)
        for column, name in names.items()
    }


def draw_column(
    column: str, heading: str, values: Sequence[Any], *, narrow: bool
) -> tuple[Column, list[Cell]]:
    """A column of a table.

    Args:
        narrow: cut long values, as a terminal needs it.
    """
    right = column.startswith(_VALUES) or all(
        value is MISSING or type(value) in (int, float) for value in values
    )
    return Column(heading, right=right), [_cell(column, value, narrow=narrow) for value in values]


def _cell(column: str, value: Any, *, narrow: bool) -> Cell:
    if value is MISSING:
        return Cell(NOTHING, "dim")
    text = _text(column, value)
    style = STYLES.get(text, "") if column == "run.status" else ""
    return Cell(shortened(text, _WIDEST) if narrow else text, style)


def _text(column: str, value: Any) -> str:
    if column.startswith(_VALUES) and isinstance(value, float):
        return metric_text(value)
    if column == "run.created":
        return moment_text(value)
    if column == "run.seconds" and isinstance(value, int | float):
        return duration_text(value)
    if column in ("run.tags", "run.parents"):
        return harmless(" ".join(value)) or NOTHING
    return value_text(value)
