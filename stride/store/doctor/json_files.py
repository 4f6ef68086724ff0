"""The check of JSON files of a run: whole, of a known format, and of the right shape."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from stride.errors import NewerFormatError, StorageError, StoredFileError
from stride.files import fsync_folder, read_json, storage_errors
from stride.store.archive.origin import read_origin
from stride.store.doctor.aside import copy_aside, set_aside_from
from stride.store.doctor.finding import Finding, Level
from stride.store.holding import holding
from stride.store.record import RunRecord, read_record
from stride.store.run import Run
from stride.store.work_dir import WorkDir

TORN = "torn file"


def check_json(run: Run) -> Iterator[Finding]:
    """Read all JSON files of a run but those of its checkpoints."""
    yield from _check(run.config_path, run.read_config)
    yield from _check(run.record_path, run.read_record, _mended_record(run))
    yield from _check(run.labels_path, run.read_labels, set_aside_from(run, run.labels_path))
    yield from _check(run.import_path, _inside(run, run.import_path, read_origin))
    for folder in (run.results_path, run.provenance_path):
        if folder.is_dir() and not folder.is_symlink():
            for path in sorted(folder.rglob("*.json")):
                if path.is_file() and "untracked" not in path.parts[len(folder.parts) :]:
                    yield from _check(path, _inside(run, path, read_json))


def _inside(run: Run, path: Path, read: Callable[[Path], object]) -> Callable[[], object]:
    """Read a file of the run, unless a link leads out of the experiment there."""

    def look_and_read() -> object:
        run.check_inside(path)
        return read(path)

    return look_and_read


def _check(
    path: Path, read: Callable[[], object], mend: Callable[[], str] | None = None
) -> Iterator[Finding]:
    if not os.path.lexists(path):  # a run without one of its files is found elsewhere
        return
    try:
        read()
    except NewerFormatError as error:
        yield Finding("newer format", path, str(error), Level.NOTE)
    except FileNotFoundError:
        return
    except (StoredFileError, StorageError) as error:
        yield Finding(TORN, path, str(error), mend=mend)


def _mended_record(run: Run) -> Callable[[], str] | None:
    """A run.json that cannot be read is replaced by the whole one that was about to replace it,
    where that lies beside it.
    """
    whole = [
        (record, path)
        for path in sorted(run.path.glob(f".tmp-{run.record_path.name}-*"))
        if not path.is_symlink() and (record := _read(path)) is not None
    ]
    if not whole or _is_readable(run):
        return None
    _, newest = max(whole, key=lambda each: _progress(each[0]))

    def mend() -> str:
        with holding(run), storage_errors("write", run.record_path):
            said = copy_aside(WorkDir(run.work_dir), run.record_path)
            newest.replace(run.record_path)
            fsync_folder(run.path)
        return f"{said}; {newest.name}, which is whole, took its place"

    return mend


def _is_readable(run: Run) -> bool:
    try:
        run.read_record()
    except (OSError, StoredFileError):
        return False
    return True


def _read(path: Path) -> RunRecord | None:
    try:
        return read_record(path)
    except (OSError, StoredFileError):
        return None


def _progress(record: RunRecord) -> tuple[int, int]:
    attempt = record.attempt
    return len(record.attempts), (attempt.last_step or 0) if attempt else 0
