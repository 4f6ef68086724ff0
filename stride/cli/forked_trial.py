"""A trial's process, forked from a server that has torch imported already: Python's forkserver.

It begins in a tenth of the time that a new interpreter takes, is as much on its own, and what its
code leaves in modules dies with it. Only on Linux: elsewhere libraries do not stand a fork.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.reduction import DupFd
from typing import Any

from stride.cli.trial_process import TrialProcess, last_line
from stride.store.machine_identity import ProcessState, process_start, process_state
from stride.store.run import Run

_IMPORTED = ("stride.cli.app", "stride.cli.fit", "stride.cli.training", "stride.training.fitting",
             "stride.sweep.pruning", "optuna", "torch._dynamo")  # fmt: skip

_LOST = 255
"""What Python says of a process whose server has ended before it."""


class ForkedTrial:
    """The process that trains one trial; see `TrialProcess`.

    Args:
        arguments: of `stride fit`, beside the run.
        environment: variables beside those of the server, which has those of this process.
    """

    def __init__(self, run: Run, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_IMPORTED))
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
        words = ["fit", run.address, "--resume", *arguments]
        self._process = context.Process(
            target=_train, args=(words, dict(environment), _Descriptor(self._printed.fileno()))
        )
        self._process.start()
        assert self._process.pid is not None
        self._pid = self._process.pid
        self._started = process_start(self._pid)

    def poll(self) -> int | None:
        """Its exit code, negative where a signal killed it; None while it runs."""
        code = self._process.exitcode
        if code != _LOST:
            return code
        alive = process_state(self._pid, self._started) is ProcessState.ALIVE
        return None if alive else _LOST

    def send(self, number: int) -> None:
        """Send it a signal; a killing one to all that it has started."""
        if self.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._pid, number)
            else:
                os.kill(self._pid, number)

    def last_words(self) -> str:
        """The last line that it has printed."""
        return last_line(self._printed)


def trial_processes(ranks: str | None) -> type[TrialProcess] | type[ForkedTrial]:
    """How trials are trained here: forked where that can be. Ranks are started by a launcher, which
    calls a command.
    """
    return ForkedTrial if ranks is None and sys.platform == "linux" else TrialProcess


class _Descriptor:
    """An open file, handed over to the process that is started."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (DupFd(self._descriptor),)


def _opened(handed: Any) -> int:
    descriptor: int = handed.detach()
    return descriptor


def _train(words: list[str], environment: dict[str, str], printed: int) -> None:
    """In the new process: become `stride` with these arguments."""
    gc.freeze()  # what was imported stays: to look for garbage in it would copy all its memory
    os.setpgid(0, 0)  # a Ctrl-C is to come once, from who started us
    os.dup2(printed, 2)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 0)
    os.environ.update(environment)
    sys.argv = ["stride", *words]
    sys.orig_argv = [sys.executable, "-m", "stride", *words]
    from stride.cli.app import run  # deferred: imported already, in the server

    run()
