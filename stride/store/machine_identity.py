"""Which machine, boot and process this is: what a reader elsewhere needs to tell one life from another."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ZOMBIE_STATES = frozenset("ZXx")


class ProcessState(StrEnum):
    """What is known of a process of this machine, by its pid and the time at which it started."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine and boot, and the pid namespace: only there do the recorded pids mean anything."""

    host: str
    machine_id: str
    boot_id: str
    pid_namespace: str


@functools.cache
def this_machine() -> Machine:
    """Read once a process; what the system does not tell is ""."""
    if sys.platform == "linux":
        machine_id = _read("/etc/machine-id") or _read("/var/lib/dbus/machine-id")
        boot_id = _read("/proc/sys/kernel/random/boot_id")
    elif sys.platform == "darwin":
        machine_id = f"{uuid.getnode():012x}"
        boot_id = _sysctl("kern.bootsessionuuid")
    else:
        machine_id = boot_id = ""
    return Machine(socket.gethostname(), machine_id, boot_id, _pid_namespace())


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError):
        return ""


def _sysctl(name: str) -> str:
    try:
        answer = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def boot_clock() -> float:
    """Seconds of a clock that all processes of a boot share and that nobody sets."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def process_start(pid: int) -> float | None:
    """When a process started, None where there is none, it is a zombie, or it cannot be asked.

    Seconds since the boot on Linux (a wall clock that is set does not move them), else since the epoch.
    """
    if sys.platform == "linux":
        state, start = _linux_process(pid)
        return None if state in ZOMBIE_STATES else start
    import psutil  # deferred: Linux, where most reading happens, does without

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def process_state(pid: int, start: float | None) -> ProcessState:
    """Whether the process that had this pid and started then is alive, among those of this namespace."""
    if pid <= 0:
        return ProcessState.UNKNOWN
    if sys.platform != "win32":  # there, signal 0 would end the process
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ProcessState.DEAD
        except (PermissionError, OverflowError):
            pass  # it is there, and belongs to another user
    if sys.platform == "linux" and _linux_process(pid)[0] in ZOMBIE_STATES:
        return ProcessState.DEAD
    found = process_start(pid)
    if found is None or start is None:
        return ProcessState.UNKNOWN
    return ProcessState.ALIVE if abs(found - start) < 0.005 else ProcessState.DEAD


def _linux_process(pid: int) -> tuple[str, float | None]:
    """State letter and start of a process; ("", None) where /proc does not show it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123 - in the loop of a listing
            fields = stream.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return "", None


def slurm_job() -> str | None:
    """The SLURM job that this process belongs to."""
    return os.environ.get("SLURM_JOB_ID") or None


def out_of_memory_kills() -> int | None:
    """How many processes this kernel has killed for lack of memory since its boot; None where it does not say."""
    for line in _read("/proc/vmstat").splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return None
