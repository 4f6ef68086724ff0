"""What lies in the trash, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.value import NOTHING, moment_text, size_text
from stride.store.freed import measure_freed
from stride.store.names import is_number
from stride.store.trash import TrashEntry

ENTRY_FIELDS = {
    "run": "the number or name that the run had",
    "number": "its number; null for a run with a name",
    "address": "how stride restore and stride purge take it",
    "id": "its permanent id; null where its record cannot be read",
    "removed": "when it was removed, UTC, ISO 8601",
    "path": "where it lies now",
}
SIZE_FIELDS = {
    "size": "bytes that purging it frees; a file that has another name elsewhere is not counted",
}


def entry_fields(entry: TrashEntry) -> dict[str, Any]:
    """A removed run in JSON."""
    return {
        "run": entry.name,
        "number": int(entry.name) if is_number(entry.name) else None,
        "address": entry.address,
        "id": entry.id,
        "removed": entry.moment,
        "path": str(entry.folder),
    }


def sized_fields(entry: TrashEntry) -> dict[str, Any]:
    """The same, with what purging it frees."""
    return {**entry_fields(entry), "size": measure_freed([entry.folder]).bytes}


def draw_entries(rows: Sequence[dict[str, Any]], terminal: Terminal) -> Iterator[str]:
    """A table of removed runs, of their fields with the size."""
    columns = [Column("run", True), Column("removed"), Column("size", True), Column("id")]
    cells = [
        [
            Cell(row["run"], "bold"),
            Cell(moment_text(row["removed"])),
            Cell(size_text(row["size"])),
            Cell((row["id"] or NOTHING)[:12], "dim"),
        ]
        for row in rows
    ]
    return draw_table(columns, cells, terminal)
