"""Reading an experiment as a table of its runs."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from stride.store.index.cache_file import read_cached as read_cache_file
from stride.store.index.part import Part
from stride.store.index.refresh import refresh
from stride.store.index.run_names import read_run_names
from stride.store.index.run_table import RunTable
from stride.store.index.slab import Selection
from stride.store.index.source import PARTS, RUNS, Source
from stride.store.index.stamps import NUMBERS, read_stamps

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


def read_index(
    work_dir: WorkDir, parts: Collection[Part] = (), *, moment: int | None = None
) -> RunTable:
    """All runs of an experiment, with columns for what their files say.

    What the cache in `.stride/` has of files that did not change is believed, all else is read. The
    cache is written where that pays and is possible; it may be removed at any time.

    Args:
        parts: that are wanted beside run.json, config.json and labels.json.
        moment: nanoseconds since 1970 by the clock of the file system, which is asked unless it is
            given: what changed less than two seconds before it is read again the next time.

    Raises:
        RunNotFoundError, NotAnExperimentError, StoredFileError: there is no experiment.
        StorageError: its folder cannot be read.
    """
    work_dir.check()
    entries = read_run_names(work_dir.path)
    stamps = _read_stamps(work_dir, entries, RUNS)
    names, stamps = _those_that_are_runs(entries, stamps)
    selections = []
    for source in (RUNS, *(PARTS[part] for part in Part if part in parts)):
        if source is not RUNS:
            stamps = _read_stamps(work_dir, names, source)
        path = work_dir.cache_path / source.name
        selections.append(refresh(source, work_dir.path, names, stamps, path, moment))
    return RunTable(work_dir, names, selections)


def read_cached(work_dir: WorkDir) -> RunTable | None:
    """What the cache holds, whether it is still true or not; None where there is none.

    Looks at no run, and writes nothing.
    """
    cached = read_cache_file(work_dir.cache_path / RUNS.name, len(RUNS.files))
    return None if cached is None else RunTable(work_dir, cached.names, [Selection([cached.slab])])


def _read_stamps(work_dir: WorkDir, names: Sequence[str], source: Source) -> list[array[int]]:
    return [read_stamps(str(work_dir.path), names, file) for file in source.files]


def _those_that_are_runs(
    entries: list[str], stamps: list[array[int]]
) -> tuple[list[str], list[array[int]]]:
    """The entries that have run.json or config.json, with their stamps."""
    inodes = [of_file[1::NUMBERS] for of_file in stamps[:2]]
    if all(map(all, inodes)):
        return entries, stamps
    rows = [row for row in range(len(entries)) if any(each[row] for each in inodes)]
    numbers = [NUMBERS * row + number for row in rows for number in range(NUMBERS)]
    return [entries[row] for row in rows], [
        array("Q", map(of_file.__getitem__, numbers)) for of_file in stamps
    ]
