"""The doctor: looks through an experiment for damage and leftovers, and mends what is safe to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stride.errors import StorageError, StoredFileError, StrideError
from stride.files import storage_errors
from stride.store.doctor.checkpoints import check_checkpoints
from stride.store.doctor.digests import check_digests
from stride.store.doctor.entries import check_entries, check_identities
from stride.store.doctor.experiment import check_experiment
from stride.store.doctor.finding import Finding, Level
from stride.store.doctor.json_files import check_json
from stride.store.doctor.leftovers import check_leftovers
from stride.store.doctor.sweeps import check_sweeps
from stride.store.entries import is_run, read_names
from stride.store.liveness import Life, Verdict
from stride.store.record import RunRecord
from stride.store.run import Run
from stride.store.trash import TrashEntry, read_trash
from stride.store.work_dir import WorkDir


@dataclass(frozen=True)
class Treated:
    """A finding, with what was done about it; and why nothing could be, where that was tried."""

    finding: Finding
    done: str | None = None
    failure: str | None = None

    @property
    def remains(self) -> bool:
        """Whether it is a problem, still."""
        return self.finding.level is Level.PROBLEM and self.done is None


def examine(work_dir: WorkDir, *, deep: bool = False) -> Iterator[Finding]:
    """Look through an experiment; writes nothing, and leaves runs alone that train.

    Args:
        deep: read every file of which there is a digest, and the tables.

    Raises:
        StorageError: the folder of the experiment cannot be read.
    """
    yield from check_experiment(work_dir)
    yield from check_sweeps(work_dir)
    with storage_errors("read", work_dir.path):
        names = sorted(os.listdir(work_dir.path))  # noqa: PTH208  names are all that is needed
    yield from check_entries(work_dir, names)
    runs = [*_runs(work_dir)]
    yield from check_identities(runs, _removed(work_dir))
    for run in runs:
        yield from _examine_run(run, deep)


def treat(findings: Iterable[Finding], *, fix: bool) -> Iterator[Treated]:
    """Mend what can be mended, where that is asked for; each as it comes."""
    for finding in findings:
        if not fix or finding.mend is None:
            yield Treated(finding)
            continue
        try:
            yield Treated(finding, done=finding.mend())
        except (StrideError, OSError) as error:
            yield Treated(finding, failure=str(error))


def _runs(work_dir: WorkDir) -> Iterator[Run]:
    numbers, names = read_names(work_dir.path)
    for name in (*map(str, numbers), *names):
        run = Run(work_dir.path / name, address=f"{work_dir.address}/{name}")
        if not run.path.is_symlink() and run.path.is_dir() and is_run(run):
            yield run


def _removed(work_dir: WorkDir) -> list[TrashEntry]:
    try:
        return read_trash(work_dir)
    except StorageError:
        return []  # said already


def _examine_run(run: Run, deep: bool) -> Iterator[Finding]:
    yield from check_json(run)
    record, found = _read(run)
    if found is not None and found.life in (Life.ALIVE, Life.STALLED, Life.UNKNOWN):
        if found.life is Life.UNKNOWN:
            yield Finding("unknown life", run.record_path, found.text, Level.NOTE)
        return
    if found is not None and found.life is Life.CRASHED:
        text = f"its record says running; in truth it is {found.text}; stride resume goes on"
        yield Finding("crashed run", run.record_path, text, Level.NOTE)
    yield from check_leftovers(run)
    yield from check_checkpoints(run, record, deep=deep)
    if record is not None:
        yield from check_digests(run, record, deep=deep)


def _read(run: Run) -> tuple[RunRecord | None, Verdict | None]:
    try:
        record = run.read_record()
        return record, run.status(record)
    except (StoredFileError, StorageError):
        return None, None


def relative(work_dir: WorkDir, path: Path) -> str:
    """A path as people read it, with the experiment as it was typed."""
    try:
        below = path.relative_to(work_dir.path)
    except ValueError:
        return str(path)
    return f"{work_dir.address}/{below}" if below.parts else work_dir.address
