"""Runs as CSV: a line a run, values whole and numbers exact."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.store.index.column import MISSING
from stride.store.selection import Selection


def csv_columns(selection: Selection) -> list[str]:
    """What is written where no columns are named: run fields, metrics and config keys."""
    known = {name for table in selection.tables for name in table.columns}
    return [
        name
        for name in selection.vocabulary.columns
        if name.startswith(("run.", "metric.", "config.")) and name in known
    ]


def run_lines(selection: Selection, columns: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """The lines: `address`, then the columns by their full names."""
    values = [selection.values(column) for column in columns]
    addresses = (run.address for run in selection.runs())
    yield from csv_lines(["address", *columns], zip(addresses, *values, strict=True), terminal)


def csv_lines(
    heading: Sequence[str], rows: Iterable[Sequence[Any]], terminal: Terminal
) -> Iterator[str]:
    """A heading and rows; what is missing is empty, and null is `null`."""
    import csv  # deferred: only this needs it

    for row in (heading, *rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([_text(value, terminal) for value in row])
        yield line.getvalue()


def _text(value: Any, terminal: Terminal) -> str:
    """A value as JSON has it, texts bare; control characters stay, but not on a terminal."""
    if value is MISSING:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if terminal.width is None else harmless(text)
