"""The monitor by which runs are compared: the one that they share, and what is best by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from stride.config.nearest import nearest
from stride.errors import QueryError, StrideError
from stride.store.index.run_table import RunTable
from stride.store.query.better import better_by_name

BEST: Final = "best"
"""The word that means the best by the monitor that the runs share."""


@dataclass(frozen=True)
class RunsMonitor:
    """A monitor of some runs, or a metric whose name tells which way it is better.

    Attributes:
        mode: `min` or `max`.
        column: of the index, with the value of each run.
    """

    name: str
    mode: str
    column: str


def find_monitor(
    reference: str,
    tables: Sequence[RunTable],
    *,
    places: Iterable[tuple[int, int]] | None = None,
    prefix: str = "",
) -> RunsMonitor:
    """The monitor of `best`, which is the first of every run, or of `best:<monitor>`; a metric
    does as well.

    Args:
        places: of the runs that are asked, as table and row; all of the tables, unless given.
        prefix: what stands before `best` where it is typed, as `exp/`.

    Raises:
        QueryError: the runs have several or none; there is no such one; or some want it small
            and others large.
    """
    name = reference.removeprefix(BEST).removeprefix(":")
    if not name:
        firsts = _firsts(tables, places)
        if not firsts:
            raise QueryError("no run has a best value by a monitor yet")
        if len(firsts) > 1:
            ways = ", ".join(f"{prefix}{BEST}:{each}" for each in sorted(firsts))
            raise QueryError(f"the runs have several monitors; write one of {ways}")
        (name,) = firsts
    known = monitors_of(tables)
    if name not in known:
        if any(f"metric.{name}" in table.columns for table in tables):
            return _metric(name)
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"they have {', '.join(known) or 'none yet'}"
        raise QueryError(f"no run has the monitor {name}; {hint}")
    modes = {mode for table in tables for mode in _modes(table, name)}
    if len(modes) > 1:
        raise QueryError(f"of {name} some runs want the least and others the greatest value")
    return RunsMonitor(name, modes.pop() if modes else "min", f"best.{name}")


def _metric(name: str) -> RunsMonitor:
    """A metric that no run has as its monitor, by the values that stand beside their best epochs.

    Raises:
        QueryError: its name does not tell which way it is better.
    """
    mode = better_by_name(name)
    if mode is None:
        raise QueryError(
            f"no run has the monitor {name}, and whether it is better small or large is not known;"
            f" sort by it, as in --sort {name} or --sort -{name}"
        )
    return RunsMonitor(name, mode, f"metric.{name}")


def monitors_of(tables: Sequence[RunTable]) -> list[str]:
    """The names of all monitors of the runs."""
    names = (name for table in tables for name in table.columns if name.startswith("best."))
    return [*dict.fromkeys(name.removeprefix("best.") for name in names)]


def best_row(table: RunTable, monitor: RunsMonitor) -> int | None:
    """The run with the best value: completed ones first, the lower number on a tie; None: none."""
    column, status = table.columns.get(monitor.column), table.columns.get("run.stored_status")
    if column is None:
        return None
    best: tuple[tuple[bool, float], int] | None = None
    for row in range(len(table)):
        value = column.value(row)
        if not isinstance(value, int | float) or value != value:
            continue
        done = status is not None and status.value(row) == "completed"
        rank = (not done, value if monitor.mode == "min" else -value)
        if best is None or rank < best[0]:
            best = rank, row
    return None if best is None else best[1]


def _firsts(tables: Sequence[RunTable], places: Iterable[tuple[int, int]] | None) -> set[str]:
    """The monitors by which the runs choose their best epochs."""
    columns = [table.columns.get("run.monitor") for table in tables]
    if places is None:
        used = {(index, code) for index, each in enumerate(columns) if each for code in each.codes}
    else:
        used = {(index, each.codes[row]) for index, row in places if (each := columns[index])}
    return {str(each.values[code]) for index, code in used if code and (each := columns[index])}


def _modes(table: RunTable, monitor: str) -> set[str]:
    """How runs want the monitor: the index has it of the first one, run.json of all."""
    firsts, modes = table.columns.get("run.monitor"), table.columns.get("run.mode")
    values = table.columns.get(f"best.{monitor}")
    if values is None:
        return set()
    found = set()
    if firsts is not None and modes is not None:
        pairs = dict(
            zip(zip(firsts.codes, modes.codes, strict=True), range(len(table)), strict=True)
        )
        for row in pairs.values():
            if firsts.value(row) == monitor:
                found.add(str(modes.value(row)))
    if found:
        return found
    other = next((row for row, code in enumerate(values.codes) if code), None)
    return set() if other is None else _recorded_mode(table, other, monitor)


def _recorded_mode(table: RunTable, row: int, monitor: str) -> set[str]:
    try:
        record = table.run(row).read_record()
    except (StrideError, FileNotFoundError):
        return set()
    return {best.mode for best in record.best if best.monitor == monitor}
