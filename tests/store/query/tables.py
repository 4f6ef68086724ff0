"""Tables of runs that no folder is behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stride.store.index.column import MISSING, Column
from stride.store.index.run_table import RunTable
from stride.store.work_dir import WorkDir

Cells = Mapping[str, Any]


def build_table(rows: Sequence[Cells], folder: str = "exp") -> RunTable:
    """A table whose rows have these cells; every distinct value has one code, as JSON tells it."""
    rows = [
        {"run.number": number, "run.name": str(number), **row} for number, row in enumerate(rows)
    ]
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values: list[Any] = [MISSING]
        codes = []
        known: dict[str, int] = {}
        for row in rows:
            if name not in row:
                codes.append(0)
                continue
            code = known.setdefault(repr(row[name]), len(values))
            if code == len(values):
                values.append(row[name])
            codes.append(code)
        columns[name] = Column(codes, values)
    return table_of(columns, [row["run.name"] for row in rows], folder)


def table_of(columns: Mapping[str, Column], names: Sequence[str], folder: str = "exp") -> RunTable:
    """A table that has these columns, and no others."""
    table = RunTable(WorkDir(folder), names, ())
    table.columns = columns
    return table
