"""The check of what belongs to the experiment itself: config.json, staging, caches, trash."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from stride.errors import NotAnExperimentError, StorageError, StoredFileError
from stride.store.claim import stale_claims
from stride.store.doctor.aside import set_aside
from stride.store.doctor.finding import Finding, Level
from stride.store.doctor.leftovers import orphan, temporaries
from stride.store.purging import leftovers
from stride.store.work_dir import WorkDir


def check_experiment(work_dir: WorkDir) -> Iterator[Finding]:
    """Look at everything in the experiment that is no run."""
    try:
        work_dir.read_config()
    except (StoredFileError, StorageError, NotAnExperimentError, FileNotFoundError) as error:
        text = f'{error}; write it again: {{"format": 1}} and what was chosen for all runs'
        yield Finding("torn file", work_dir.config_path, text)
    for path in temporaries(work_dir.path):
        yield orphan(work_dir, path)
    yield from _check_staging(work_dir)
    yield from _check_caches(work_dir)
    try:
        rest = [path for path in leftovers(work_dir) if path != work_dir.aside_path]
    except StorageError as error:
        yield Finding("no trash", work_dir.trash_path, str(error))
        return
    for path in rest:
        text = "a purge was cut short; stride purge finishes it"
        yield Finding("half purge", path, text, Level.NOTE)


def _check_staging(work_dir: WorkDir) -> Iterator[Finding]:
    staging = work_dir.staging_path
    try:
        stale = set(stale_claims(staging))
        others = [Path(entry.path) for entry in os.scandir(staging) if entry.is_dir()]
    except FileNotFoundError:
        return
    except OSError as error:
        yield Finding("unreadable folder", staging, str(error.strerror))
        return
    for path in sorted(stale):
        text = "a run that was being made when its process died; the next creation clears it away"
        yield Finding("stale staging", path, text, mend=_aside(work_dir, path))
    for path in sorted(set(others) - stale):
        text = "a run that is being made, or was by a machine that cannot be asked from here"
        yield Finding("staging", path, text, Level.NOTE)


def _check_caches(work_dir: WorkDir) -> Iterator[Finding]:
    cache = work_dir.cache_path
    if os.path.lexists(cache) and (cache.is_symlink() or not cache.is_dir()):
        text = "the folder of caches is a link or a file; without it everything is slower"
        yield Finding("no caches", cache, text)
        return
    for path in temporaries(cache):
        yield orphan(work_dir, path)
    try:
        content = work_dir.next_number_path.read_bytes()
    except OSError:
        return
    if not content.strip().isdigit():
        path = work_dir.next_number_path
        text = "a cache that is no number; it is written again when it is needed"
        yield Finding("torn file", path, text, Level.NOTE, _aside(work_dir, path))


def _aside(work_dir: WorkDir, path: Path) -> Callable[[], str]:
    return lambda: set_aside(work_dir, path)
