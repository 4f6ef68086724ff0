"""A worker's mark on the trial that it has taken, and whether that worker still lives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from stride.store.machine_identity import (
    ProcessState,
    process_start,
    process_state,
    slurm_job,
    slurm_restarts,
    this_machine,
)
from stride.store.slurm import SLURM_ENDED, ask_slurm


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """Who took a trial, for which attempt at its run.

    Attributes:
        attempts: that the run had when it was taken: while it has no more, the training that the
            worker wanted has not begun.
        deaths: how often the training of the trial was killed while its worker lived on.
    """

    host: str
    machine_id: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_start: float | None
    slurm_job: str | None
    slurm_restarts: int = 0
    attempts: int
    deaths: int = 0

    @property
    def is_me(self) -> bool:
        """Whether it is this process."""
        mine = this_worker(self.attempts)
        return (self.boot_id, self.pid_namespace, self.pid, self.pid_start) == (
            mine.boot_id,
            mine.pid_namespace,
            mine.pid,
            mine.pid_start,
        )

    def lives(self) -> bool | None:
        """Whether its process does; None where that cannot be told from here."""
        machine = this_machine()
        if self.boot_id and self.boot_id == machine.boot_id:
            if self.pid_namespace == machine.pid_namespace:
                found = process_state(self.pid, self.pid_start)
                return None if found is ProcessState.UNKNOWN else found is ProcessState.ALIVE
        elif machine.machine_id and (self.machine_id, self.host) == (
            machine.machine_id,
            machine.host,
        ):
            return False  # the machine was started again
        if self.slurm_job is not None:
            if self.slurm_job == slurm_job() and slurm_restarts() > self.slurm_restarts:
                return False  # the job is ours, and was started again since
            state = ask_slurm(self.slurm_job)
            if state is not None:
                return state not in SLURM_ENDED
        return None


def this_worker(attempts: int, deaths: int = 0) -> Worker:
    """The mark of this process."""
    machine = this_machine()
    return Worker(
        host=machine.host,
        machine_id=machine.machine_id,
        boot_id=machine.boot_id,
        pid_namespace=machine.pid_namespace,
        pid=os.getpid(),
        pid_start=process_start(os.getpid()),
        slurm_job=slurm_job(),
        slurm_restarts=slurm_restarts(),
        attempts=attempts,
        deaths=deaths,
    )


def read_worker(attributes: Mapping[str, Any]) -> Worker | None:
    """The mark in the attributes of a trial; None where there is none that can be read."""
    try:
        return msgspec.convert(attributes["worker"], Worker)
    except (KeyError, msgspec.ValidationError):
        return None
