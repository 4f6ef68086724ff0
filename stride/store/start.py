"""The start of an attempt: who may begin one, and what is written before the first step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stride.errors import RunBusyError, RunStateError
from stride.files import clear_temporaries, fsync_folder
from stride.store.attempt import Attempt
from stride.store.holding import gone, holder_of, judge_held, take_lock
from stride.store.liveness import Life, Verdict, read_verdict
from stride.store.lock import AttemptLock
from stride.store.machine_identity import (
    boot_clock,
    out_of_memory_kills,
    process_start,
    slurm_job,
    slurm_restarts,
    this_machine,
)
from stride.store.record import AttemptRecord, RunRecord, Sign, Status, utc_now, write_record
from stride.store.requests import REQUESTS, forget_request
from stride.store.stored_values import storable

if TYPE_CHECKING:
    from stride.store.run import Run


def start_attempt(
    run: Run,
    *,
    overrides: tuple[str, ...],
    settings: Mapping[str, Any],
    launcher: str,
    world_size: int,
    nodes: int,
    takeover: bool,
    promise: float,
    first: bool,
) -> Attempt:
    """Take the lock, judge what was before, write the status `running`; see `Run.start`."""
    if not run.exists():  # what is no run gets no lock file
        raise gone(run)
    run.read_record()
    lock = take_lock(run)
    try:
        record = _startable(run, lock, takeover=takeover)
        if first and record.attempts:
            raise RunStateError(
                f"{run.address} was tried before, and only a created run can be trained; "
                f"stride show {run.address} says what became of it"
            )
        attempt = msgspec.structs.replace(
            _new_attempt(len(record.attempts) + 1, lock, promise),
            launcher=launcher,
            world_size=world_size,
            nodes=nodes,
            overrides=tuple(overrides),
            settings=storable(dict(settings)),
        )
        record = msgspec.structs.replace(
            record,
            status=Status.RUNNING,
            attempts=(*record.attempts, attempt),
            error=None,
            reason=None,
        )
        for path in _written_by_attempts(run, record):
            clear_temporaries(path)
        for name in REQUESTS:  # what was asked of an attempt that is over
            forget_request(run.request_path(name))
        lock.keep_space()
        write_record(run.record_path, record)
        fsync_folder(run.work_dir)
    except BaseException:
        lock.release()
        raise
    return Attempt(run, lock, record)


def _written_by_attempts(run: Run, record: RunRecord) -> Iterator[Path]:
    """What an attempt writes whole: one that was killed may have left a part of it."""
    yield from (run.record_path, run.results_metrics_path, run.checkpoint_paths.newest_path)
    for table in (run.metrics, run.steps, run.timings, run.digests):
        yield from (table.path, table.cut_path)
    yield from (run.weights_path / name for name in record.digests)
    yield from (run.attempt_provenance_path(attempt.number) for attempt in record.attempts)


def check_startable(run: Run, *, takeover: bool = False) -> RunRecord:
    """Look whether an attempt may begin, before anything long does; takes no lock.

    Args:
        takeover: a process of which nothing is known counts as gone.

    Returns:
        The record, as read.

    Raises:
        RunBusyError, RunStateError, StoredFileError: as `Run.start`.
    """
    record = run.read_record()
    _refuse_completed(run, record)
    if record.status is Status.RUNNING:
        _refuse_living(run, read_verdict(record, run.lock_path, run.fault_path), takeover)
    return record


def _startable(run: Run, lock: AttemptLock, *, takeover: bool) -> RunRecord:
    """The record, read again now that nobody else writes it; what became of the attempt before is
    written into it.
    """
    record = run.read_record()
    _refuse_completed(run, record)
    before = record.attempt
    if record.status is not Status.RUNNING or before is None:
        return record
    found = judge_held(run, record, lock)
    _refuse_living(run, found, takeover)
    ended = msgspec.structs.replace(before, outcome=found.word)
    return msgspec.structs.replace(record, attempts=(*record.attempts[:-1], ended))


def _new_attempt(number: int, lock: AttemptLock, promise: float) -> AttemptRecord:
    """An attempt of this process on this machine, which begins now."""
    machine = this_machine()
    return AttemptRecord(
        number=number,
        started=utc_now(),
        host=machine.host,
        machine_id=machine.machine_id,
        boot_id=machine.boot_id,
        pid=os.getpid(),
        pid_start=process_start(os.getpid()),
        pid_namespace=machine.pid_namespace,
        locked=lock.supported,
        slurm_job=slurm_job(),
        slurm_restarts=slurm_restarts(),
        sign=Sign(boottime=boot_clock(), promise=promise),
        out_of_memory_kills=out_of_memory_kills(),
    )


def _refuse_completed(run: Run, record: RunRecord) -> None:
    if record.status is Status.COMPLETED:
        raise RunStateError(
            f"{run.address} is completed, and so closed; stride fit --continue {run.address} goes"
            " on in a new run"
        )


def _refuse_living(run: Run, found: Verdict, takeover: bool) -> None:
    """Refuse where the process before lives, or may."""
    if found.life in (Life.ALIVE, Life.STALLED):
        raise RunBusyError(holder_of(run, f"{run.address} is being trained by another process"))
    if found.life is Life.UNKNOWN and not takeover:
        raise RunBusyError(
            f"{run.address} may be in training: {found.reason}; if it is not, start with --takeover"
        )
