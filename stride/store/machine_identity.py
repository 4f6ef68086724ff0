"""Which machine, boot and process this is: what tells a reader elsewhere one life from another."""

from __future__ import annotations

import functools
import os
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_ENDED_STATES = frozenset("ZXx")


class ProcessState(StrEnum):
    """What is known of a process of this machine, by its pid and the time at which it started."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine and boot, and the pid namespace: only there do recorded pids mean anything."""

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
        import uuid  # deferred: macOS only

        machine_id = f"{uuid.getnode():012x}"
        boot_id = _sysctl("kern.bootsessionuuid")
    else:
        machine_id = boot_id = ""
    return Machine(_host(), machine_id, boot_id, _pid_namespace())


def _host() -> str:
    if sys.platform == "win32":
        import platform  # deferred: there is no uname, and elsewhere this would be slow

        return platform.node()
    return os.uname().nodename


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
    import subprocess  # deferred: macOS only

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
    """When a process started; None where there is none, it has ended, or it cannot be asked.

    Seconds since the boot on Linux, where a wall clock that is set does not move them; else since
    the epoch.
    """
    ended, start = _look_at(pid)
    return None if ended else start


def process_state(pid: int, start: float | None) -> ProcessState:
    """Whether the process of this namespace that had this pid and started then is alive."""
    if pid <= 0:
        return ProcessState.UNKNOWN
    if sys.platform != "win32":  # there, signal 0 would end the process
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ProcessState.DEAD
        except PermissionError:
            pass  # it is there, and belongs to another user
        except OverflowError:
            return ProcessState.UNKNOWN
    ended, found = _look_at(pid)
    if ended:
        return ProcessState.DEAD
    if found is None or start is None:
        return ProcessState.UNKNOWN
    return ProcessState.ALIVE if abs(found - start) < 0.005 else ProcessState.DEAD


def _look_at(pid: int) -> tuple[bool, float | None]:
    """Whether a process is a zombie, and when it started, None where that cannot be seen."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123 - each listing does it
                fields = stream.read().rpartition(b")")[2].split()
            start = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return False, None
        return fields[0].decode() in _ENDED_STATES, start
    import psutil  # deferred: on Linux, where most reading happens, nothing needs it

    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE, process.create_time()
    except psutil.Error:
        return False, None


def slurm_job() -> str | None:
    """The SLURM job that this process belongs to."""
    return os.environ.get("SLURM_JOB_ID") or None


def slurm_restarts() -> int:
    """How often that job was put back in the queue and started again; it keeps its number."""
    text = os.environ.get("SLURM_RESTART_COUNT", "")
    return int(text) if text.isdecimal() else 0


def out_of_memory_kills() -> int | None:
    """How many processes this kernel has killed for lack of memory since its boot.

    None where the system does not say.
    """
    for line in _read("/proc/vmstat").splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return None
