"""A rank as its launcher sees it: a process with a line to it, and what it printed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from stride.training.ranks.launcher_line import VARIABLE, decode, encode

REQUEUE = 75
INTERRUPTED = 130

STOPPING = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")
"""Signals at which a training stops, and those who start it again know that it was stopped."""

_KEPT = 16 * 1024
"""Bytes of the output of a rank that is not the first: what it said last."""


class RankProcess:
    """One child, started by the constructor. It leads a session of its own, so that a Ctrl-C at the
    terminal reaches only the launcher; and it ends with the launcher, however that ends.

    Args:
        command: the command and its arguments.
        environment: the variables of the launcher, and what the rank needs.
        quiet: its output is kept, and not shown; else it goes where the launcher's goes.
        rehearsal: it is to play a preemption.

    Attributes:
        rank: from 0.
        line: our end of the line to it; None after its end.
        output: of a quiet rank: what comes from it; None after its end.
        run: the address of the run that it trains, as soon as it has said it.
        code: how it ended, as subprocess says it; None while it lives.
        killed: whether it was ended by `kill`.
    """

    def __init__(
        self,
        command: Sequence[str],
        rank: int,
        environment: Mapping[str, str],
        *,
        quiet: bool,
        rehearsal: bool = False,
    ) -> None:
        self.rank = rank
        self.run: str | None = None
        self.code: int | None = None
        self.killed = False
        self._kept = b""
        self._heard = b""
        ours, theirs = socket.socketpair()
        stream = subprocess.PIPE if quiet else None
        with theirs:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT if quiet else None,
                    env={**environment, VARIABLE: f"{theirs.fileno()} {int(rehearsal)}"},
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    preexec_fn=_ends_with_parent(),
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        self.line: socket.socket | None = ours
        self.output: int | None = None
        if self._process.stdout is not None:
            self.output = self._process.stdout.fileno()
            os.set_blocking(self.output, False)

    @property
    def printed(self) -> list[str]:
        """The last lines that a quiet rank printed."""
        lines = self._kept.decode(errors="replace").splitlines()
        return lines[1:] if len(self._kept) == _KEPT else lines

    @property
    def exit_code(self) -> int:
        """Its exit code, as a shell has it; a signal that stops, which came before the rank
        listened to it, has stopped it.
        """
        code = self.code or 0
        if code >= 0:
            return code
        if -code == signal.SIGINT:
            return INTERRUPTED
        return REQUEUE if _name(-code) in STOPPING else 128 - code

    @property
    def was_stopped(self) -> bool:
        """Whether it ended because somebody asked for it."""
        return self.exit_code in (REQUEUE, INTERRUPTED)

    @property
    def ending(self) -> str:
        """How it ended, as a sentence."""
        code = self.code or 0
        how = f"ended with exit code {code}" if code >= 0 else f"was killed by {_name(-code)}"
        return f"rank {self.rank} {how}"

    def read_line(self) -> bool:
        """Read what came over the line; whether more may come."""
        data = b""
        if self.line is not None:
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                data = self.line.recv(65536)
        messages, self._heard = decode(self._heard + data)
        for message in messages:
            self.run = message.get("run", self.run)
        return bool(data)

    def read_output(self) -> bool:
        """Read what it printed; whether more may come."""
        data = b""
        if self.output is not None:
            with contextlib.suppress(BlockingIOError):
                data = os.read(self.output, 65536)
        self._kept = (self._kept + data)[-_KEPT:]
        return bool(data)

    def tell_failure(self, sentence: str) -> None:
        """Say that another rank ended badly."""
        if self.line is not None:
            with contextlib.suppress(OSError):
                self.line.sendall(encode({"failure": sentence}))

    def send_signal(self, number: int) -> None:
        """Send a signal to the process alone: it ends those that it started."""
        if not self.has_ended():  # Popen would look too, and reap it without ending its children
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, and what it started."""
        if self.code is None:
            self.killed = True
            self._kill_session()

    def has_ended(self) -> bool:
        """Whether it has ended; where it failed, what it started ends too."""
        if self.code is not None:
            return True
        if sys.platform != "darwin":
            # Looked at before it is reaped: until then nobody else can get its number.
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            well = (0, REQUEUE, INTERRUPTED)
            if found and (found.si_code != os.CLD_EXITED or found.si_status not in well):
                self._kill_session()
        self.code = self._process.poll()
        return self.code is not None

    def close(self) -> None:
        """Wait for its end, read what is left, and let go of line and output."""
        self.code = self._process.wait()
        while self.read_line():
            pass
        while self.read_output():
            pass
        if self.line is not None:
            self.line.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.line = self.output = None

    def _kill_session(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _ends_with_parent() -> Callable[[], None] | None:
    """What a child does before it begins: it asks to be killed when its parent ends.

    Only Linux offers this; elsewhere the rank reads the end of its line.
    """
    if sys.platform != "linux":
        return None
    import ctypes  # deferred: only a launcher needs it

    libc = ctypes.CDLL(None)
    launcher = os.getpid()

    def ask() -> None:
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != launcher:  # it ended just before
            os._exit(1)

    return ask
