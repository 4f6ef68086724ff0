"""Runs of the same config: whether what is about to be trained was trained already.

The same is what `stride.config.identity` says: settings that can change the result, the content of
the data, the code that the config names, and what a training began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from stride.config.differences import ABSENT, flatten, same, unflatten
from stride.config.identity import identity, is_unchanging
from stride.config.places import FILE_REFERENCE
from stride.store.entries import is_run, read_names
from stride.store.index.read import read_cached, read_index
from stride.store.index.run_table import RunTable
from stride.store.record import CodeRecord, RunRecord
from stride.store.row import Row, read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir

BORROWED: Final = "begins_with"
"""Names in `resolved` of a run what it has its first weights from."""

_READ: Final = 100
"""How many runs are read at most: those of the same config, and those that the cache lacks."""

_DATA: Final = "dataset_kwargs."
_ORDER: Final = ("completed", "running", "stalled", "unknown", "stopped", "crashed", "failed")


@dataclass(frozen=True)
class Asked:
    """What is about to be trained.

    Attributes:
        settings: its config, flat.
        chosen: keys of it that people chose; what is not among them is a default.
        origin: what it begins with: relation and id of each run whose state or weights it takes, or
            a file of weights.
        but: the id of a run that is not meant: itself.
    """

    settings: Mapping[str, Any]
    chosen: frozenset[str]
    origin: frozenset[tuple[str, str]] = frozenset()
    but: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A run whose config is the same, as far as that is told by the config alone."""

    row: Row
    record: RunRecord
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class SameConfig:
    """A run of the same config.

    Attributes:
        same_code: whether the code that the config names is the same.
        same_data: the same of the content of the data; None where it was not compared.
    """

    row: Row
    same_code: bool
    same_data: bool | None

    @property
    def is_same(self) -> bool:
        """Whether all that is known is the same: training it again would give the same result."""
        return self.same_code and self.same_data is not False


def origin_of(record: RunRecord) -> frozenset[tuple[str, str]]:
    """What a run began with."""
    taken = {(p.relation, p.id) for p in record.parents if p.relation in ("weights", "continued")}
    file = record.resolved.get(BORROWED)
    return frozenset(taken or ({("file", str(file))} if file is not None else set()))


def find_candidates(work_dir: WorkDir, asked: Asked, *, thorough: bool) -> list[Candidate]:
    """The runs of an experiment that may be the same.

    Args:
        thorough: look at every run as it is now. Else the cached index is believed in what it says
            about runs that are not the same, and of those that it does not know the newest are
            read: it costs little at any number of runs, and may overlook one.

    Raises:
        StrideError: the experiment cannot be read.
    """
    if not work_dir.exists():
        return []
    table = read_index(work_dir) if thorough else read_cached(work_dir)
    found = [] if table is None else [table.run(row) for row in matching_rows(table, asked)]
    runs = {run.name: run for run in found[-_READ:]}
    if not thorough:
        known = frozenset(() if table is None else table.names)
        runs |= {run.name: run for run in _unknown(work_dir, known)}
    return [each for each in map(_read, runs.values()) if each and _may_be(each, asked)]


def matching_rows(table: RunTable, asked: Asked) -> list[int]:
    """The rows that agree in every column that tells: the few of any number of runs."""
    rows: list[int] | None = None
    telling = {key: value for key, value in asked.settings.items() if _tells(key, value)}
    columns = [
        (key, value, table.columns.get(f"config.{key}"))
        for key, value in sorted(telling.items(), key=lambda each: each[0] not in asked.chosen)
    ]
    for key, value, column in columns:
        if column is None:
            if key in asked.chosen:
                return []
            continue
        fitting = {code for code, other in enumerate(column.values) if code and same(value, other)}
        if key not in asked.chosen:
            fitting.add(0)  # of a stride that did not have the key yet
        codes = column.codes
        rows = [
            row for row in (range(len(codes)) if rows is None else rows) if codes[row] in fitting
        ]
        if not rows:
            return []
    return [*range(len(table))] if rows is None else rows


def choose(
    candidates: Iterable[Candidate],
    asked: Asked,
    code: Iterable[CodeRecord],
    fingerprints: Mapping[str, str] | None,
) -> SameConfig | None:
    """The run that is most like what is asked for: in code and data, then the one that is furthest,
    then the newest.

    Args:
        fingerprints: of the data; None where they are not known: then it is not compared.
    """
    found = [
        compared
        for each in candidates
        if (compared := _compare(each, asked, tuple(code), fingerprints)) is not None
    ]
    return min(found, key=_preference, default=None)


def _compare(
    candidate: Candidate,
    asked: Asked,
    code: tuple[CodeRecord, ...],
    fingerprints: Mapping[str, str] | None,
) -> SameConfig | None:
    record = candidate.record
    same_code = _code_digest(code) == _code_digest(record.code)
    same_data = None
    if fingerprints is not None and record.attempts:
        same_data = dict(fingerprints) == record.fingerprints
    moved = _moved(asked, candidate) if same_data and fingerprints else frozenset()
    here, there = _aligned(asked, candidate)
    if _identity(here, moved) != _identity(there, moved):
        return None
    return SameConfig(candidate.row, same_code, same_data)


def _identity(settings: Mapping[str, Any], moved: frozenset[str]) -> str:
    """The digest of settings; files of code count by their names, since code is compared apart."""
    return identity(unflatten(settings), dict.fromkeys(moved, ""), "compared apart")


def _moved(asked: Asked, candidate: Candidate) -> frozenset[str]:
    """Keys that say where data lies, in both: the content is the same, so that it may be moved."""
    return frozenset(
        key
        for key, value in asked.settings.items()
        if _is_place(key, value) and _is_place(key, candidate.settings.get(key))
    )


def _aligned(asked: Asked, candidate: Candidate) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of both with the same keys, where one stride has a default that the other does
    not know."""
    here, there = dict(asked.settings), dict(candidate.settings)
    for key in here.keys() - there.keys() - asked.chosen:
        del here[key]
    for key in there.keys() - here.keys() - candidate.row.chosen:
        del there[key]
    return here, there


def _tells(key: str, value: Any) -> bool:
    """Whether a column tells alone that runs are not the same."""
    if is_unchanging(key) or key == "format" or _is_place(key, value):
        return False
    return not (isinstance(value, str) and FILE_REFERENCE.fullmatch(value))


def _is_place(key: str, value: Any) -> bool:
    return key.startswith(_DATA) and isinstance(value, str) and PurePath(value).is_absolute()


def _may_be(candidate: Candidate, asked: Asked) -> bool:
    """Whether the run is none but itself, began with the same, and agrees in what tells."""
    record = candidate.record
    if record.id == asked.but or origin_of(record) != asked.origin:
        return False
    return all(
        same(value, other) or (other is ABSENT and key not in asked.chosen)
        for key, value in asked.settings.items()
        if _tells(key, value)
        for other in (candidate.settings.get(key, ABSENT),)
    )


def _code_digest(code: Iterable[CodeRecord]) -> tuple[tuple[str, str | None], ...]:
    """What a config's code is told by: the names of its things without folders, and digests."""
    return tuple(sorted({(PurePath(each.reference).name, each.digest or "") for each in code}))


def _read(run: Run) -> Candidate | None:
    row = read_row(run)
    if row.record is None or row.settings is None:
        return None
    return Candidate(row, row.record, flatten(row.settings))


def _unknown(work_dir: WorkDir, known: frozenset[str]) -> Iterator[Run]:
    """The newest runs that a cache does not know."""
    numbers, names = read_names(work_dir.path)
    new = [str(number) for number in numbers if str(number) not in known][-_READ:]
    new += [name for name in names if name not in known][:_READ]
    for name in new:
        run = Run(work_dir.path / name, address=f"{work_dir.address}/{name}")
        if is_run(run):
            yield run


def _preference(found: SameConfig) -> tuple[bool, bool, int, int]:
    status = found.row.status
    place = _ORDER.index(status) if status in _ORDER else len(_ORDER)
    number = found.row.run.number
    return not found.is_same, not found.same_code, place, -1 if number is None else -number - 2
