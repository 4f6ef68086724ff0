"""What is true of a run whose record says `running`: alive, crashed, stalled, or unknown, and why.

`verdict` is a pure function of the record and of evidence; `gather` collects the evidence. Asking
takes no lock and writes nothing. The table; the first row that fits:

=================================================  ===========================================
the lock is held                                   alive; stalled if the promised sign is overdue
same boot and pid namespace, the process is gone   crashed
same boot and pid namespace, the process is there  unknown: the lock says otherwise, as in a copy;
                                                   alive where the file system has no locks
same boot, another pid namespace (a container)     crashed if the promised sign is overdue,
                                                   else unknown
same machine, another boot                         crashed: the machine was started again
another machine, the reader's own SLURM job,       crashed: a job that is started again keeps its
started again since                                number
another machine, SLURM knows the job               what SLURM says
another machine                                    unknown
=================================================  ===========================================

Only clocks of one boot are compared. A cause of death is named only from evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stride.errors import StorageError, StoredFileError
from stride.files import read_content
from stride.store.lock import LockState, query
from stride.store.machine_identity import (
    Machine,
    ProcessState,
    boot_clock,
    out_of_memory_kills,
    process_state,
    slurm_job,
    slurm_restarts,
    this_machine,
)
from stride.store.record import AttemptRecord, RunRecord, Status
from stride.store.slurm import SLURM_ENDED, SLURM_WAITING, ask_slurm

_FAULT_BYTES = 4096


class Life(StrEnum):
    """Whether the process of a running attempt lives."""

    ALIVE = "alive"
    CRASHED = "crashed"
    STALLED = "stalled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reader found out about an attempt, on its own machine and at its own time.

    `restarted` is True where the attempt's SLURM job was started again since, and the reader is
    part of it.
    """

    reader: Machine
    lock: LockState
    process: ProcessState = ProcessState.UNKNOWN
    boot_seconds: float = 0.0
    fault: str = ""
    out_of_memory_kills: int | None = None
    slurm: str | None = None
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The truth about a run. `life` is None unless the stored status is `running`.

    `text` is for people: `running`, `crashed (killed from outside; last sign at step 120)`.
    """

    status: Status
    life: Life | None
    reason: str
    text: str

    @property
    def word(self) -> str:
        """One word for a column: the status, or what became of a run that was running."""
        if self.life is None or self.life is Life.ALIVE:
            return str(self.status)
        return str(self.life)


ALIVE = Verdict(Status.RUNNING, Life.ALIVE, "", "running")
"""Of a run that trains."""


def read_verdict(record: RunRecord, lock_path: Path, fault_path: Path) -> Verdict:
    """What is true of a run now; evidence is gathered only if the record says `running`."""
    attempt = record.attempt
    if record.status is not Status.RUNNING or attempt is None:
        return verdict(record, None)
    return verdict(record, gather(attempt, lock_path, fault_path))


def gather(attempt: AttemptRecord, lock_path: Path, fault_path: Path) -> Evidence:
    """Collect evidence about an attempt; what cannot be found out counts as not known."""
    reader = this_machine()
    try:
        lock = query(lock_path)
    except StorageError:
        lock = LockState.UNSUPPORTED
    process = ProcessState.UNKNOWN
    if _same_boot(attempt, reader) and attempt.pid_namespace == reader.pid_namespace:
        process = process_state(attempt.pid, attempt.pid_start)
    elsewhere = not _same_boot(attempt, reader) and not _same_machine(attempt, reader)
    restarted = (
        attempt.slurm_job is not None
        and attempt.slurm_job == slurm_job()
        and attempt.slurm_restarts < slurm_restarts()
    )
    ask = elsewhere and not restarted and lock is not LockState.HELD
    return Evidence(
        reader=reader,
        lock=lock,
        process=process,
        boot_seconds=boot_clock(),
        fault=_read_fault(fault_path),
        out_of_memory_kills=out_of_memory_kills() if _same_boot(attempt, reader) else None,
        slurm=ask_slurm(attempt.slurm_job) if ask and attempt.slurm_job else None,
        restarted=restarted,
    )


def verdict(record: RunRecord, evidence: Evidence | None) -> Verdict:
    """Judge by the table above; the stored status is the truth unless it is `running`."""
    attempt = record.attempt
    if record.status is not Status.RUNNING or attempt is None or evidence is None:
        reason = _stored_reason(record)
        text = f"{record.status} ({reason})" if reason else str(record.status)
        return Verdict(record.status, None, reason, text)
    life, reason = _judge(record, attempt, evidence)
    word = "running" if life is Life.ALIVE else str(life)
    return Verdict(record.status, life, reason, f"{word} ({reason})" if reason else word)


def _stored_reason(record: RunRecord) -> str:
    if record.status is Status.FAILED and record.error is not None:
        error = record.error
        return record.reason or f"{error.type}: {error.message}".removesuffix(": ")
    return record.reason or ""


def _judge(record: RunRecord, attempt: AttemptRecord, evidence: Evidence) -> tuple[Life, str]:
    reader = evidence.reader
    same_boot = _same_boot(attempt, reader)
    overdue = _overdue(attempt, evidence) if same_boot else None
    if evidence.lock is LockState.HELD:
        if overdue is not None:
            return Life.STALLED, f"no sign of life for {_duration(overdue)}, {_last_sign(attempt)}"
        return Life.ALIVE, "" if same_boot else f"on {attempt.host}"
    if same_boot and attempt.pid_namespace == reader.pid_namespace:
        return _judge_process(record, attempt, evidence, overdue)
    if same_boot:
        if overdue is not None:
            return Life.CRASHED, _cause(record, attempt, evidence)
        return Life.UNKNOWN, "its lock is free, and its process is in a container that hides it"
    if _same_machine(attempt, reader):
        return Life.CRASHED, f"{attempt.host} was started again; {_last_sign(attempt)}"
    return _judge_elsewhere(attempt, evidence)


def _judge_process(
    record: RunRecord, attempt: AttemptRecord, evidence: Evidence, overdue: float | None
) -> tuple[Life, str]:
    if evidence.process is ProcessState.DEAD:
        return Life.CRASHED, _cause(record, attempt, evidence)
    if evidence.process is ProcessState.UNKNOWN:
        return Life.UNKNOWN, f"process {attempt.pid} of {attempt.host} cannot be looked at"
    if evidence.lock is LockState.FREE and attempt.locked:
        return (
            Life.UNKNOWN,
            f"process {attempt.pid} lives but does not hold this folder; it may be a copy",
        )
    if overdue is not None:
        return Life.STALLED, f"no sign of life for {_duration(overdue)}, {_last_sign(attempt)}"
    return Life.ALIVE, ""


def _judge_elsewhere(attempt: AttemptRecord, evidence: Evidence) -> tuple[Life, str]:
    state = evidence.slurm
    if evidence.restarted:
        again = f"SLURM job {attempt.slurm_job} was started again"
        return Life.CRASHED, f"{again}; {_last_sign(attempt)}"
    if state is not None and attempt.slurm_job is not None:
        says = f"SLURM says {state.lower().replace('_', ' ')} of job {attempt.slurm_job}"
        if state in SLURM_ENDED:
            return Life.CRASHED, f"{says}; {_last_sign(attempt)}"
        if state not in SLURM_WAITING:
            return Life.ALIVE, f"on {attempt.host}; {says}"
        return Life.UNKNOWN, says
    return Life.UNKNOWN, f"it ran on {attempt.host}, which cannot be asked from here"


def _same_boot(attempt: AttemptRecord, reader: Machine) -> bool:
    return bool(reader.boot_id) and attempt.boot_id == reader.boot_id


def _same_machine(attempt: AttemptRecord, reader: Machine) -> bool:
    """Host name and machine id: machines made from one image share either."""
    return (
        bool(reader.machine_id)
        and (attempt.machine_id, attempt.host) == (reader.machine_id, reader.host)
        and bool(attempt.boot_id)
        and bool(reader.boot_id)
    )


def _overdue(attempt: AttemptRecord, evidence: Evidence) -> float | None:
    """Seconds since the last sign if the next is overdue; None if it is not."""
    sign = attempt.sign
    if sign is None:
        return None
    silence = evidence.boot_seconds - sign.boottime
    return silence if silence > sign.promise else None


def _cause(record: RunRecord, attempt: AttemptRecord, evidence: Evidence) -> str:
    """What killed it, from evidence only."""
    if evidence.fault:
        cause = evidence.fault
    elif record.reason:
        cause = record.reason
    else:
        cause = "killed from outside"
        before, now = attempt.out_of_memory_kills, evidence.out_of_memory_kills
        if before is not None and now is not None and now > before:
            cause += f"; the kernel counts {now - before} out-of-memory kills since its last sign"
    return f"{cause}; {_last_sign(attempt)}"


def _last_sign(attempt: AttemptRecord) -> str:
    step = attempt.sign.step if attempt.sign is not None else None
    return "no step is recorded" if step is None else f"last sign at step {step}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def _read_fault(path: Path) -> str:
    """The first line of what faulthandler wrote: `Fatal Python error: Segmentation fault`."""
    try:
        text = read_content(path)[:_FAULT_BYTES].decode(errors="replace")
    except (OSError, StoredFileError):
        return ""
    return next((line.strip() for line in text.splitlines() if line.startswith("Fatal")), "")
