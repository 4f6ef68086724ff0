"""Reading an experiment as a table of its runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from stride.store.index.cells import read_cells
from stride.store.index.column import MISSING, Column
from stride.store.index.part import Part
from stride.store.index.run_table import RunTable

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir

_TUPLES = frozenset({"run.tags", "run.parents", "run.chosen"})


def read_index(work_dir: WorkDir, parts: Collection[Part] = ()) -> RunTable:
    """All runs of an experiment, with columns for what their files say.

    Args:
        parts: that are wanted beside run.json, config.json and labels.json.

    Raises:
        RunNotFoundError, NotAnExperimentError, StoredFileError: there is no experiment.
        StorageError: its folder cannot be read.
    """
    runs = list(work_dir.runs())
    rows = [read_cells(run, parts) for run in runs]
    for run, row in zip(runs, rows, strict=True):
        row["run.name"] = run.name
        if run.number is not None:
            row["run.number"] = run.number
    names = dict.fromkeys(name for row in rows for name in row)
    stored = {name: _column(name, [row.get(name, MISSING) for row in rows]) for name in names}
    return RunTable(work_dir, [run.name for run in runs], stored)


def _column(name: str, cells: list[Any]) -> Column:
    codes: list[int] = []
    values: list[Any] = [MISSING]
    known: dict[bytes, int] = {}
    for cell in cells:
        if cell is MISSING:
            codes.append(0)
            continue
        code = known.setdefault(msgspec.msgpack.encode(cell), len(values))
        if code == len(values):
            values.append(tuple(cell) if name in _TUPLES else cell)
        codes.append(code)
    return Column(codes, values)
