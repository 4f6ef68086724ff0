"""The standing of a trial that is not told yet: who has it, what became of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stride.errors import StrideError
from stride.store.liveness import Life
from stride.store.record import RunRecord, Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.sweep.worker import Worker, read_worker

RUN, RUN_ID, WORKER, PRUNED, ERROR, RETRY_OF = (
    "run",
    "run_id",
    "worker",
    "pruned",
    "error",
    "retry_of",
)
"""Attributes of Optuna's trial: the run's number and id, its worker, and what became of it."""


class Standing(StrEnum):
    """What may be done with a trial."""

    UNCLAIMED = "unclaimed"
    """Nobody has noted a run for it: its worker was killed, if we have the turn."""

    FREE = "free"
    """Its run waits, or was killed or preempted: whoever comes trains it."""

    BUSY = "busy"
    """A worker has it."""

    ENDED = "ended"
    """Its run is completed or failed, and nobody has told the study."""

    STOPPED = "stopped"
    """A person stopped it."""

    UNKNOWN = "unknown"
    """Its run may be in training where it cannot be asked, or cannot be read."""

    GONE = "gone"
    """Its run was removed."""


@dataclass(frozen=True)
class Look:
    """What was found of a trial, at one moment.

    Attributes:
        reason: for UNKNOWN, in words.
    """

    standing: Standing
    run: Run | None = None
    record: RunRecord | None = None
    worker: Worker | None = None
    reason: str = ""

    @property
    def attempts(self) -> int:
        """At its run, so far."""
        return 0 if self.record is None else len(self.record.attempts)


def look_at(work_dir: WorkDir, attributes: Mapping[str, Any], *, takeover: bool = False) -> Look:
    """Look at a trial by the attributes that Optuna keeps of it.

    Args:
        takeover: a training of which nothing is known counts as killed.
    """
    if not {RUN, RUN_ID} <= attributes.keys():  # one of them: a worker was killed between the two
        return Look(Standing.UNCLAIMED)
    name = str(attributes[RUN])
    run = Run(work_dir.path / name, address=f"{work_dir.address}/{name}")
    if not run.exists():
        return Look(Standing.GONE, run, reason="its run was removed")
    try:
        record = run.read_record()
        if record.id != attributes.get(RUN_ID):
            return Look(Standing.GONE, run, reason="its run was removed, and its name given again")
        worker = read_worker(attributes)
        standing, reason = _standing(run, record, worker, takeover)
    except StrideError as error:
        return Look(Standing.UNKNOWN, run, reason=str(error))
    return Look(standing, run, record, worker, reason)


def _standing(
    run: Run, record: RunRecord, worker: Worker | None, takeover: bool
) -> tuple[Standing, str]:
    waits = worker is None or worker.attempts == len(record.attempts)
    if record.status is Status.COMPLETED:
        return Standing.ENDED, ""
    if record.status is Status.FAILED and not waits:
        return Standing.ENDED, ""
    if record.status is Status.RUNNING:
        verdict = run.status(record)
        if verdict.life in (Life.ALIVE, Life.STALLED):
            return Standing.BUSY, ""
        if verdict.life is Life.UNKNOWN and not takeover:
            return Standing.UNKNOWN, verdict.reason
    if waits and worker is not None and not worker.is_me:
        lives = worker.lives()
        if lives:
            return Standing.BUSY, ""
        if lives is None and not takeover:
            reason = f"it was taken on {worker.host}, which cannot be asked from here"
            return Standing.UNKNOWN, reason
    if record.status is Status.STOPPED and not by_scheduler(record):
        return Standing.STOPPED, ""
    return Standing.FREE, ""


def by_scheduler(record: RunRecord) -> bool:
    """Whether a signal of the machine stopped the run, and no person."""
    return (record.reason or "").startswith("stopped by SIG")
