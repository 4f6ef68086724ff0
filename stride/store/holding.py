"""The hold of a run that nobody trains: while it is held, no training begins in it.

Whoever moves a run, or takes parts of it away, holds it by the lock of attempts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stride.errors import (
    NewerFormatError,
    RunBusyError,
    RunNotFoundError,
    StorageError,
    StoredFileError,
)
from stride.store.liveness import Life, Verdict, gather, read_verdict, verdict
from stride.store.lock import AttemptLock, LockState, acquire
from stride.store.record import RunRecord, Status

if TYPE_CHECKING:
    from stride.store.run import Run

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def take_lock(run: Run) -> AttemptLock:
    """Take the lock of attempts, of the run that is at its path now.

    Raises:
        RunBusyError: another process has it; says which.
        RunNotFoundError: the run was moved away a moment ago.
        StorageError: the file of the lock cannot be made.
    """
    try:
        lock = acquire(run.lock_path)
    except RunBusyError as error:
        said = str(error).replace(str(run.path), run.address, 1)
        raise RunBusyError(holder_of(run, said)) from error
    except FileNotFoundError as error:
        raise gone(run) from error
    if not lock.is_at(run.lock_path):
        lock.release()
        raise gone(run)
    return lock


def judge_held(run: Run, record: RunRecord, lock: AttemptLock) -> Verdict:
    """What is true of a run, asked by the one who has just taken its lock."""
    attempt = record.attempt
    if record.status is not Status.RUNNING or attempt is None:
        return verdict(record, None)
    evidence = gather(attempt, run.lock_path, run.fault_path)
    was = LockState.FREE if lock.supported else LockState.UNSUPPORTED  # before we took it
    return verdict(record, dataclasses.replace(evidence, lock=was))


@contextlib.contextmanager
def holding(run: Run, *, takeover: bool = False) -> Iterator[RunRecord | None]:
    """Hold a run that nobody trains; yields its record, None where that cannot be read.

    A file of the lock that is not there yet and has no space on a full disk is done without: a
    training could not begin either.

    Args:
        takeover: a process of which nothing is known counts as gone.

    Raises:
        RunBusyError: a process trains it, or may.
        RunNotFoundError: it was moved away a moment ago.
        StorageError: the run cannot be written.
    """
    try:
        lock = take_lock(run)
    except StorageError as error:
        if getattr(error.__cause__, "errno", None) not in _FULL:
            raise
        yield read_dead(run, takeover=takeover)
        return
    try:
        yield read_dead(run, lock, takeover=takeover)
    finally:
        lock.release()


def read_dead(
    run: Run, lock: AttemptLock | None = None, *, takeover: bool = False
) -> RunRecord | None:
    """The record of a run that nobody trains; None where it cannot be read.

    Args:
        lock: of the run, where this process has just taken it.
        takeover: a process of which nothing is known counts as gone.

    Raises:
        RunBusyError: a process trains it, or may.
    """
    try:
        record = run.read_record()
    except NewerFormatError as error:
        if not takeover:
            raise RunBusyError(
                f"{run.address} may be in training: a newer stride wrote its record; "
                "if it is not, add --takeover"
            ) from error
        return None
    except StoredFileError:
        return None  # nobody trains it: a training replaces its record whole
    found = run.status(record) if lock is None else judge_held(run, record, lock)
    if found.life in (Life.ALIVE, Life.STALLED):
        raise RunBusyError(holder_of(run, f"{run.address} is being trained by another process"))
    if found.life is Life.UNKNOWN and not takeover:
        raise RunBusyError(
            f"{run.address} may be in training: {found.reason}; if it is not, add --takeover"
        )
    return record


def gone(run: Run) -> RunNotFoundError:
    """The sentence about a run that was there a moment ago."""
    return RunNotFoundError(f"{run.address} is not there any more: it was moved or removed")


def holder_of(run: Run, otherwise: str) -> str:
    """The sentence that says who trains the run; `otherwise` where its record does not."""
    try:
        record = run.read_record()
    except StoredFileError:
        return otherwise
    attempt = record.attempt
    if attempt is None or record.status is not Status.RUNNING:
        return otherwise
    found = read_verdict(record, run.lock_path, run.fault_path)
    stalled = f"; it gives {found.reason}" if found.life is Life.STALLED else ""
    return (
        f"{run.address} is being trained by process {attempt.pid} on {attempt.host}"
        f" since {attempt.started}{stalled}"
    )
