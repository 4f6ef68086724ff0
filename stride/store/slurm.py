"""What SLURM says of a job: asked once a process and job, with little patience."""

from __future__ import annotations

import functools

SLURM_WAITING = frozenset(
    {"PENDING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED", "STOPPED", "CONFIGURING"}
)
"""States in which a job does not run and has not ended: it may have been put back in the queue."""

SLURM_ENDED = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
"""States in which nothing of a job runs any more."""

_PATIENCE = 5.0
_silent: set[str] = set()
"""Commands that did not answer: not asked again by this process."""


@functools.cache
def ask_slurm(job: str) -> str | None:
    """The state of a job, as in `RUNNING` or `TIMEOUT`; None where SLURM does not say."""
    for command in (
        ("squeue", "-h", "-o", "%T", "-j", job),
        ("sacct", "-n", "-X", "-P", "-o", "State", "-j", job),
    ):
        lines = _answer(command).split("\n")
        if words := lines[0].split():
            return words[0].rstrip("+")  # "CANCELLED by 1000"
    return None


def _answer(command: tuple[str, ...]) -> str:
    if command[0] in _silent:
        return ""
    import subprocess  # deferred: hardly any reader has to ask

    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        _silent.add(command[0])
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
