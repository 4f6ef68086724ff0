"""Parents of runs: found by their permanent id, wherever they were moved or renumbered to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stride.errors import StrideError
from stride.store.entries import is_run
from stride.store.index.column import MISSING
from stride.store.index.read import read_index
from stride.store.index.run_table import RunTable
from stride.store.names import is_number, is_run_name
from stride.store.record import Parent
from stride.store.run import Run
from stride.store.trash import TrashEntry, read_trash
from stride.store.work_dir import WorkDir


class Whereabouts(StrEnum):
    """Where a parent is."""

    HERE = "here"
    MOVED = "moved"
    TRASHED = "in the trash"
    REMOVED = "removed"
    GONE = "its experiment is gone"


@dataclass(frozen=True)
class FoundParent:
    """A parent as it was recorded, and where it is now.

    Attributes:
        run: where it lies, in the trash perhaps; None where it is not found.
        address: how people name it: as it is now, else as it was.
    """

    parent: Parent
    whereabouts: Whereabouts
    address: str
    run: Run | None = None


class RunFinder:
    """Finds runs by their ids; each experiment is read once.

    Args:
        experiment: is looked into first, whatever was recorded: it may have been moved as a whole.
    """

    def __init__(self, experiment: WorkDir) -> None:
        self._experiment = experiment
        self._tables: dict[Path, RunTable | None] = {}
        self._rows: dict[Path, dict[str, int]] = {}
        self._removed: dict[Path, dict[str, TrashEntry]] = {}

    def table(self, experiment: WorkDir) -> RunTable | None:
        """The runs of an experiment; None where it is not there or cannot be read."""
        if experiment.path not in self._tables:
            try:
                self._tables[experiment.path] = read_index(experiment)
            except StrideError:
                self._tables[experiment.path] = None
        return self._tables[experiment.path]

    def row(self, experiment: WorkDir, identity: str) -> int | None:
        """The row of the run that has an id; of several copies the first."""
        if experiment.path not in self._rows:
            table = self.table(experiment)
            ids = None if table is None else table.columns.get("run.id")
            rows: dict[str, int] = {}
            for row in range(0 if ids is None or table is None else len(table)):
                value = MISSING if ids is None else ids.value(row)
                if isinstance(value, str):
                    rows.setdefault(value, row)
            self._rows[experiment.path] = rows
        return self._rows[experiment.path].get(identity)

    def find(self, parent: Parent) -> FoundParent:
        """Where a parent is; the run of its number counts only if it has its id."""
        own = self._experiment
        recorded = _experiment_at(parent.work_dir, own)
        address = f"{recorded.address}/{parent.run}"
        if _is_reference(parent.run) and _has_id(run := _run(recorded, parent.run), parent.id):
            return FoundParent(parent, Whereabouts.HERE, address, run)
        for experiment in dict.fromkeys((own, recorded)):
            row = self.row(experiment, parent.id)
            table = self.table(experiment)
            if row is not None and table is not None:
                run = table.run(row)
                return FoundParent(parent, Whereabouts.MOVED, run.address, run)
        for experiment in dict.fromkeys((own, recorded)):
            entry = self._removed_run(experiment, parent.id)
            if entry is not None:
                run = Run(entry.folder, address=entry.address)
                return FoundParent(parent, Whereabouts.TRASHED, entry.address, run)
        there = self.table(recorded) is not None
        return FoundParent(parent, Whereabouts.REMOVED if there else Whereabouts.GONE, address)

    def _removed_run(self, experiment: WorkDir, identity: str) -> TrashEntry | None:
        """What lies in the trash of an experiment with an id; of several the first."""
        if experiment.path not in self._removed:
            removed: dict[str, TrashEntry] = {}
            for entry in _trash(experiment):
                if entry.id is not None:
                    removed.setdefault(entry.id, entry)
            self._removed[experiment.path] = removed
        return self._removed[experiment.path].get(identity)


def _experiment_at(path: str, own: WorkDir) -> WorkDir:
    """The experiment of a stored path, named as people would here: as typed, or from this folder.

    Where the path is none, the own one: nothing is found there by it.
    """
    if path == str(own.path) or not path or "\0" in path:
        return own
    folder = Path(path)
    here = Path.cwd()
    return WorkDir(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _is_reference(name: str) -> bool:
    return is_number(name) or is_run_name(name)


def _run(experiment: WorkDir, name: str) -> Run:
    return Run(experiment.path / name, address=f"{experiment.address}/{name}")


def _has_id(run: Run, identity: str) -> bool:
    try:
        return is_run(run) and run.read_record().id == identity
    except (StrideError, OSError):
        return False


def _trash(experiment: WorkDir) -> list[TrashEntry]:
    try:
        return read_trash(experiment)
    except StrideError:
        return []
