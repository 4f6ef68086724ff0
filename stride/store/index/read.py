"""Reading an experiment as a table of its runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from stride.store.index.cache_file import read_cache_file
from stride.store.index.part import Part
from stride.store.index.present import look, look_at
from stride.store.index.refresh import refresh
from stride.store.index.run_table import RunTable
from stride.store.index.slab import Selection
from stride.store.index.source import PARTS, RUNS

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
    present = look(work_dir.path, RUNS.files)
    names, rows = refresh(RUNS, work_dir.path, present, work_dir.index_file(RUNS.name), moment)
    selections = [rows]
    for source in (PARTS[part] for part in Part if part in parts):
        present = look_at(work_dir.path, names, source.files)
        path = work_dir.index_file(source.name)
        selections.append(refresh(source, work_dir.path, present, path, moment)[1])
    return RunTable(work_dir, names, selections)


def read_cached(work_dir: WorkDir) -> RunTable | None:
    """What the cache holds, whether it is still true or not; None where there is none.

    Looks at no run, and writes nothing.
    """
    cached = read_cache_file(work_dir.index_file(RUNS.name), len(RUNS.files))
    return None if cached is None else RunTable(work_dir, cached.names, [Selection([cached.slab])])
