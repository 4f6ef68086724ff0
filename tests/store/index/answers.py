"""What the index says beside what the folders say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stride.store.index.cells import HERE, read_results, read_run, read_tables
from stride.store.index.column import MISSING
from stride.store.index.part import Part
from stride.store.index.run_table import RunTable
from stride.store.run import Run
from stride.store.work_dir import WorkDir

READ = {Part.TABLES: read_tables, Part.RESULTS: read_results}


def said_by_folders(experiment: WorkDir, parts: Collection[Part] = ()) -> dict[str, dict[str, Any]]:
    """The cells of each run, read one by one."""
    return {run.name: _cells(experiment, run, parts) for run in experiment.runs()}


def _cells(experiment: WorkDir, run: Run, parts: Collection[Part]) -> dict[str, Any]:
    cells = dict(read_run(run).cells)
    for part in parts:
        cells |= READ[part](run).cells
    if "run.problem" in cells:
        cells["run.problem"] = cells["run.problem"].replace(HERE, str(experiment.path))
    if run.number is not None:
        cells["run.number"] = run.number
    status = "unreadable" if "run.problem" in cells else run.status().word
    return {**cells, "run.name": run.name, "run.status": status}


def said_by_index(table: RunTable) -> dict[str, dict[str, Any]]:
    """The cells of each run, out of the columns."""
    found: dict[str, dict[str, Any]] = {name: {} for name in table.names}
    for name, column in table.columns.items():
        assert len(column) == len(table)
        assert column.values[0] is MISSING
        for row, run in enumerate(table.names):
            if (value := column.value(row)) is not MISSING:
                found[run][name] = plain(value)
    return found


def plain(value: Any) -> Any:
    """The value with lists for tuples, as JSON has it."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def comparable(answer: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """The answer as text, that tells 1 from 1.0 and true, and to which nan equals nan."""
    return {
        run: {name: repr(value) for name, value in cells.items()} for run, cells in answer.items()
    }
