"""The start of an attempt: who may begin one, and what is written before the first step."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import msgspec

from stride.errors import RunBusyError, RunStateError, StoredFileError
from stride.files import clear_temporaries, fsync_folder
from stride.store.attempt import Attempt
from stride.store.liveness import Life, gather, read_verdict, verdict
from stride.store.lock import AttemptLock, LockState, acquire
from stride.store.machine_identity import (
    boot_clock,
    out_of_memory_kills,
    process_start,
    slurm_job,
    this_machine,
)
from stride.store.record import AttemptRecord, RunRecord, Sign, Status, utc_now, write_record

if TYPE_CHECKING:
    from stride.store.run import Run


def start_attempt(
    run: Run,
    *,
    overrides: tuple[str, ...],
    launcher: str,
    world_size: int,
    takeover: bool,
    promise: float,
    first: bool,
) -> Attempt:
    """Take the lock, judge what was before, write the status `running`; see `Run.start`."""
    run.read_record()  # what is no run gets no lock file
    try:
        lock = acquire(run.lock_path)
    except RunBusyError as error:
        said = str(error).replace(str(run.path), run.address, 1)
        raise RunBusyError(_holder(run, said)) from error
    try:
        record = _started(run, overrides, launcher, world_size, takeover, promise, lock)
        if first and len(record.attempts) > 1:
            raise RunStateError(
                f"{run.address} was tried before, and only a created run can be trained; "
                f"stride show {run.address} says what became of it"
            )
        for path in (run.record_path, run.metrics_path, run.steps_path, run.timings_path):
            clear_temporaries(path)
        lock.keep_space()
        write_record(run.record_path, record)
        fsync_folder(run.work_dir)
    except BaseException:
        lock.release()
        raise
    return Attempt(run, lock, record)


def _started(
    run: Run,
    overrides: tuple[str, ...],
    launcher: str,
    world_size: int,
    takeover: bool,
    promise: float,
    lock: AttemptLock,
) -> RunRecord:
    """The record with the new attempt; read again, now that nobody else writes it."""
    record = run.read_record()
    if record.status is Status.COMPLETED:
        raise RunStateError(f"{run.address} is completed, and so closed; make a new run")
    _refuse_doubtful(run, record, takeover=takeover, locked=lock.supported)
    machine = this_machine()
    attempt = AttemptRecord(
        number=len(record.attempts) + 1,
        started=utc_now(),
        host=machine.host,
        machine_id=machine.machine_id,
        boot_id=machine.boot_id,
        pid=os.getpid(),
        pid_start=process_start(os.getpid()),
        pid_namespace=machine.pid_namespace,
        locked=lock.supported,
        slurm_job=slurm_job(),
        launcher=launcher,
        world_size=world_size,
        overrides=tuple(overrides),
        sign=Sign(boottime=boot_clock(), promise=promise),
        out_of_memory_kills=out_of_memory_kills(),
    )
    return msgspec.structs.replace(
        record,
        status=Status.RUNNING,
        attempts=(*record.attempts, attempt),
        error=None,
        reason=None,
    )


def _refuse_doubtful(run: Run, record: RunRecord, *, takeover: bool, locked: bool) -> None:
    """Refuse where the process before may live although this one has the lock."""
    before = record.attempt
    if record.status is not Status.RUNNING or before is None:
        return
    evidence = gather(before, run.lock_path, run.fault_path)
    state = LockState.FREE if locked else LockState.UNSUPPORTED  # what it was before we took it
    found = verdict(record, dataclasses.replace(evidence, lock=state))
    if found.life in (Life.ALIVE, Life.STALLED):
        raise RunBusyError(_holder(run, f"{run.address} is being trained by another process"))
    if found.life is Life.UNKNOWN and not takeover:
        raise RunBusyError(
            f"{run.address} may be in training: {found.reason}; if it is not, start with --takeover"
        )


def _holder(run: Run, otherwise: str) -> str:
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
