"""A trial's process: `stride fit exp/7 --resume` in a group of its own, its last words kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from stride.store.run import Run


class TrialProcess:
    """The process that trains one trial.

    It is in a process group of its own, so that a Ctrl-C reaches it once, from who started it.

    Args:
        arguments: of `stride fit`, beside the run.
        environment: variables beside those of this process.
    """

    def __init__(self, run: Run, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stride", "fit", run.address, "--resume", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._printed,
            env={**os.environ, **environment},
            process_group=0,
        )

    def poll(self) -> int | None:
        """Its exit code, negative where a signal killed it; None while it runs."""
        return self._process.poll()

    def send(self, number: int) -> None:
        """Send it a signal; a killing one to all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    def last_words(self) -> str:
        """The last line that it has printed."""
        return last_line(self._printed)


def last_line(printed: IO[bytes]) -> str:
    """The last line of a file that is being written."""
    size = os.fstat(printed.fileno()).st_size
    text = os.pread(printed.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def slot_variables(
    slots: int,
    place: int,
    ranks: int,
    devices: int,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The variables that share a machine out among trainings at once: its cores, and its GPUs.

    Args:
        place: of the training among those at once, from 0.
        ranks: processes of each training.
        devices: GPUs of the machine.
        environment: what is set already stays, or is shared out.
    """
    shared: dict[str, str] = {}
    if slots > 1 and "OMP_NUM_THREADS" not in environment:
        shared["OMP_NUM_THREADS"] = str(max(1, cores() // (slots * ranks)))
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    names = [str(n) for n in range(devices)] if visible is None else visible.split(",")
    if slots > 1 and len(names) > 1:
        chosen = [names[(place * ranks + n) % len(names)] for n in range(min(ranks, len(names)))]
        shared["CUDA_VISIBLE_DEVICES"] = ",".join(chosen)
    return shared


def cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> int:
    """GPUs of NVIDIA that the driver of this machine knows; counted without torch."""
    try:
        return len(os.listdir("/proc/driver/nvidia/gpus"))  # noqa: PTH208  names alone are counted
    except OSError:
        return 0
