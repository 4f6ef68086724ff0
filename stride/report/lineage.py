"""The lineage of runs: from which others each was made, how, and what was made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from stride.config.differences import flatten
from stride.config.differing_keys import differing_keys
from stride.errors import StrideError
from stride.report.relatives import Lineage, Link, Relative
from stride.store.index.column import MISSING
from stride.store.index.run_table import RunTable
from stride.store.parents import FoundParent, RunFinder, Whereabouts
from stride.store.record import Parent
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir

_WITHOUT_CONFIG: Final = frozenset({"weights"})
"""Relations in which the config of the parent plays no part."""

_PREFIX: Final = "config."


def lineage_of_run(run: Run, also: Sequence[WorkDir] = ()) -> Lineage:
    """All that a run was made from, and all that was made from it.

    Args:
        also: experiments in which children are looked for, beside that of the run.

    Raises:
        StoredFileError: the run itself cannot be read.
    """
    run.read_record()
    family = _Family(WorkDir(Path(run.address).parent), also)
    start = family.add(run)
    waiting = [start]
    while waiting:
        waiting += [link.key for link in family.relate(waiting.pop())]
    seen, waiting = {start}, [start]
    while waiting:
        for child in family.children_of(waiting.pop()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                family.relate(child)
    return family.lineage(start)


def lineage_of_experiment(work_dir: WorkDir) -> Lineage:
    """All runs of an experiment that were made from others, and those that they were made from.

    Raises:
        RunNotFoundError, NotAnExperimentError: there is none.
    """
    work_dir.check()
    family = _Family(work_dir, ())
    for key in family.all_children():
        family.relate(key)
    return family.lineage(None, total=family.total())


class _Family:
    """Relatives as far as they are known, and the experiments that they are looked for in."""

    def __init__(self, experiment: WorkDir, also: Sequence[WorkDir]) -> None:
        self._finder = RunFinder(experiment)
        self._experiments = list(dict.fromkeys((experiment, *also)))
        self._relatives: dict[str, Relative] = {}
        self._places: dict[str, tuple[RunTable, int]] = {}
        self._rows: dict[Path, dict[str, int]] = {}
        self._runs: dict[str, Run] = {}
        self._children: dict[str, list[tuple[RunTable, int]]] | None = None
        self._settings: dict[str, tuple[dict[str, Any], frozenset[str]]] = {}

    def add(self, run: Run, whereabouts: Whereabouts = Whereabouts.HERE) -> str:
        """Take up a run: by its row where it is in one of the experiments, else by its files."""
        key = str(run.path)
        if key in self._relatives:
            return key
        if (place := self._place_of(run)) is not None:
            return self._add_row(*place, whereabouts)
        self._runs[key] = run
        row = read_row(run)
        best = row.record.best[0] if row.record and row.record.best else None
        self._relatives[key] = Relative(
            key=key,
            address=run.address,
            id=row.record.id if row.record else None,
            whereabouts=whereabouts,
            status=row.status,
            monitor=best.monitor if best else None,
            best=float(best.value) if best else None,
            problem=row.problem,
        )
        return key

    def _place_of(self, run: Run) -> tuple[RunTable, int] | None:
        for experiment in self._experiments:
            table = self._finder.table(experiment)
            if table is None or experiment.path != run.work_dir:
                continue
            if experiment.path not in self._rows:
                self._rows[experiment.path] = {name: row for row, name in enumerate(table.names)}
            row = self._rows[experiment.path].get(run.name)
            return None if row is None else (table, row)
        return None

    def _add_row(
        self, table: RunTable, row: int, whereabouts: Whereabouts = Whereabouts.HERE
    ) -> str:
        run = table.run(row)
        key = str(run.path)
        if key in self._relatives:
            return key
        monitor = _cell(table, "run.monitor", row)
        self._runs[key] = run
        self._places[key] = (table, row)
        self._relatives[key] = Relative(
            key=key,
            address=run.address,
            id=_cell(table, "run.id", row),
            whereabouts=whereabouts,
            status=_cell(table, "run.status", row),
            monitor=monitor,
            best=None if monitor is None else _cell(table, f"best.{monitor}", row),
            problem=_cell(table, "run.problem", row),
        )
        return key

    def relate(self, key: str) -> tuple[Link, ...]:
        """Find the parents of a relative; gives the links to those that are new here."""
        relative = self._relatives[key]
        run = self._runs.get(key)
        if relative.parents or run is None:
            return ()
        try:
            parents = run.read_record().parents
        except (StrideError, OSError):
            return ()
        links: list[Link] = []
        new: dict[str, Link] = {}
        for parent in parents:
            before = len(self._relatives)
            links.append(self._link(key, parent))
            if len(self._relatives) > before:
                new[links[-1].key] = links[-1]
        self._relatives[key] = replace(relative, parents=tuple(links))
        return tuple(new.values())

    def _link(self, child: str, parent: Parent) -> Link:
        found = self._finder.find(parent)
        key = self._add_found(found)
        run = self._runs.get(key)
        if run is None or parent.relation in _WITHOUT_CONFIG:
            return Link(parent.relation, key)
        (before, chosen), (after, chosen_later) = self._settings_of(key), self._settings_of(child)
        changes = differing_keys([before, after], chosen | chosen_later).telling
        return Link(parent.relation, key, changes if before and after else {})

    def _add_found(self, found: FoundParent) -> str:
        if found.run is not None:
            return self.add(found.run, found.whereabouts)
        key = f"id:{found.parent.id}"
        self._relatives.setdefault(
            key, Relative(key, found.address, found.parent.id, found.whereabouts)
        )
        return key

    def _settings_of(self, key: str) -> tuple[dict[str, Any], frozenset[str]]:
        """The effective config of a relative, flat, and the keys of it that people chose."""
        if key not in self._settings:
            if key in self._places:
                table, row = self._places[key]
                settings = {
                    name.removeprefix(_PREFIX): value
                    for name in table.columns
                    if name.startswith(_PREFIX)
                    and (value := table.columns[name].value(row)) is not MISSING
                }
                chosen = frozenset(_cell(table, "run.chosen", row) or ())
            else:
                found = read_row(self._runs[key])
                settings, chosen = flatten(found.settings or {}), found.chosen
            self._settings[key] = (settings, chosen)
        return self._settings[key]

    def children_of(self, key: str) -> list[str]:
        """The runs in the experiments that name a relative as their parent."""
        identity = self._relatives[key].id
        places = self._find_children().get(identity or "", ())
        return [self._add_row(table, row) for table, row in places]

    def all_children(self) -> list[str]:
        """All runs in the experiments that name any parent."""
        places = {
            str(table.run(row).path): (table, row)
            for found in self._find_children().values()
            for table, row in found
        }
        return [self._add_row(*place) for place in places.values()]

    def total(self) -> int:
        """How many runs the experiments have."""
        tables = [self._finder.table(each) for each in self._experiments]
        return sum(len(table) for table in tables if table is not None)

    def _find_children(self) -> dict[str, list[tuple[RunTable, int]]]:
        """The rows that name each id as a parent."""
        if self._children is None:
            self._children = {}
            for experiment in self._experiments:
                table = self._finder.table(experiment)
                column = None if table is None else table.columns.get("run.parents")
                if table is None or column is None:
                    continue
                with_parents = {code for code, ids in enumerate(column.values) if ids and code}
                for row, code in enumerate(column.codes):
                    if code in with_parents:
                        for identity in dict.fromkeys(column.values[code]):
                            self._children.setdefault(identity, []).append((table, row))
        return self._children

    def lineage(self, start: str | None, total: int = 0) -> Lineage:
        """What was found."""
        children: dict[str, dict[str, None]] = {}
        for key, relative in self._relatives.items():
            for link in relative.parents:
                children.setdefault(link.key, {})[key] = None
        own = [key for key in self._relatives if key in self._places]
        return Lineage(
            relatives=self._relatives,
            children={key: tuple(sorted(found, key=_place)) for key, found in children.items()},
            start=start,
            unrelated=max(0, total - len(own)),
        )


def _cell(table: RunTable, name: str, row: int) -> Any:
    """What a run has in a column; None where it has nothing there."""
    column = table.columns.get(name)
    value = MISSING if column is None else column.value(row)
    return None if value is MISSING else value


def _place(key: str) -> tuple[str, bool, int, str]:
    """Where a run comes in a listing: numbers upward, then names."""
    folder, _, name = key.rpartition("/")
    return folder, not name.isdigit(), int(name) if name.isdigit() else 0, name
