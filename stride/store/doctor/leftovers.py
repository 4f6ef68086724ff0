"""The check for what dead processes left in a run: temporary files, locks, requests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from stride.files import is_temporary
from stride.store.doctor.aside import set_aside, set_aside_from
from stride.store.doctor.finding import Finding, Level
from stride.store.holding import holding
from stride.store.machine_identity import ProcessState, process_state
from stride.store.requests import REQUESTS
from stride.store.run import Run
from stride.store.work_dir import WorkDir

_PID = re.compile(r"-([0-9]{1,10})-[0-9a-f]+$")


def check_leftovers(run: Run) -> Iterator[Finding]:
    """Look for leftovers in a run that nobody trains."""
    for folder in (
        run.path,
        run.logs_path,
        run.weights_path,
        run.results_path,
        run.provenance_path,
    ):
        for path in temporaries(folder):
            yield Finding(
                "orphan temporary file", path, _ORPHAN, mend=_set_aside_labelled(run, path)
            )
    try:
        size = run.lock_path.lstat().st_size
    except OSError:
        size = 0
    if size:
        text = f"the lock of a dead attempt, with {size:,} bytes that it kept for its end"
        yield Finding("stale lock", run.lock_path, text, Level.NOTE, _give_space(run))
    for name in REQUESTS:
        path = run.request_path(name)
        if os.path.lexists(path):
            text = "a request that no training took; the next attempt forgets it"
            yield Finding("stale request", path, text, Level.NOTE, set_aside_from(run, path))
    if os.path.lexists(run.removal_path):
        text = "the note of a removal, of a run that was restored"
        mend = set_aside_from(run, run.removal_path)
        yield Finding("stale note", run.removal_path, text, Level.NOTE, mend)


_ORPHAN = "part of a write that was cut short; what it was to replace is as it was"


def temporaries(folder: Path) -> Iterator[Path]:
    """Temporary files in a folder whose writers are dead, as far as this machine knows."""
    if folder.is_symlink():
        return
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  names are all that is needed
    except OSError:
        return
    for name in names:
        found = _PID.search(name)
        dead = not found or process_state(int(found[1]), None) is ProcessState.DEAD
        if is_temporary(name) and dead:
            yield folder / name


def orphan(work_dir: WorkDir, path: Path) -> Finding:
    """A temporary file of the experiment itself."""
    return Finding("orphan temporary file", path, _ORPHAN, mend=lambda: set_aside(work_dir, path))


def _set_aside_labelled(run: Run, path: Path) -> Callable[[], str]:
    """People write labels at any time, from any machine: of theirs, take a turn with them."""
    mend = set_aside_from(run, path)
    if not path.name.startswith(f".tmp-{run.labels_path.name}-"):
        return mend

    def in_turn() -> str:
        import filelock  # deferred: it is slow to import

        with filelock.FileLock(run.labels_lock_path, timeout=10):
            return mend()

    return in_turn


def _give_space(run: Run) -> Callable[[], str]:
    def mend() -> str:
        size = run.lock_path.stat().st_size
        with holding(run):
            pass  # letting go of a lock gives its space back
        return f"its {size:,} bytes are given back"

    return mend
