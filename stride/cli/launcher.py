"""The launcher: starts the ranks of one machine, passes signals on, and ends what one leaves."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stride.cli.rank_process import INTERRUPTED, REQUEUE, STOPPING, RankProcess

GRACE = 30.0
"""Seconds that ranks have to end by themselves after one has ended badly."""

_GRACE_WITHOUT_FIRST = 5.0
"""Seconds that they have when the first rank, which writes all that is kept, is gone."""

_WRONG_USAGE = 2


@dataclass(frozen=True)
class Ending:
    """How the ranks ended.

    Attributes:
        code: exit code: of the rank that ended badly first; 128 and the number of the signal where
            it was killed; 75 or 130 where it was stopped.
        failed: the rank that ended badly first; None where all is well or stopped.
        sentence: how it ended.
        run: the address of the run that was trained, as far as it was told.
        signalled: whether the launcher was asked to stop.
        told: whether the first rank ended by itself, and so has said why.
        printed: the last lines of ranks that are not shown and ended badly.
    """

    code: int
    failed: int | None = None
    sentence: str = ""
    run: str | None = None
    signalled: bool = False
    told: bool = False
    printed: tuple[str, ...] = ()


class Launcher:
    """The ranks of one training on this machine. Used in the main thread, where signals arrive.

    Args:
        command: what each rank runs.
        count: how many; with one, it is no rank and meets nobody.
        environment: variables of each.
        rehearsal: the first rank is to play a preemption.
        grace: seconds that ranks have to end by themselves after one has ended badly.
        note: is told what a person should know while it happens.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        *,
        environment: dict[str, str],
        rehearsal: bool = False,
        grace: float = GRACE,
        note: Callable[[str], None],
    ) -> None:
        self._command = tuple(command)
        self._count = count
        self._environment = environment
        self._rehearsal = rehearsal
        self._grace = grace
        self._note = note
        self._ranks: list[RankProcess] = []
        self._selector = selectors.DefaultSelector()
        self._failed: RankProcess | None = None
        self._deadline: float | None = None
        self._impatient = False
        self._signals: list[int] = []

    def run(self) -> Ending:
        """Start the ranks, and wait until all have ended.

        Raises:
            OSError: a process cannot be started; none is left.
        """
        with self._selector, _signals_written_to_a_pipe() as pipe, _held_port() as port:
            self._selector.register(pipe, selectors.EVENT_READ, None)
            try:
                for number in range(self._count):
                    self._start(number, port)
                while self._any_alive():
                    self._judge()
                    self._wait(pipe)
                self._judge()
            finally:
                self._kill()
                for rank in self._ranks:
                    rank.close()
        return self._ending()

    def _any_alive(self) -> bool:
        ended = [rank.has_ended() for rank in self._ranks]  # each is looked at
        return not all(ended)

    def _start(self, number: int, port: int) -> None:
        rank = RankProcess(
            self._command,
            number,
            self._environment | self._place(number, port),
            quiet=number > 0,
            rehearsal=self._rehearsal and number == 0,
        )
        self._ranks.append(rank)
        for source, read in ((rank.line, rank.read_line), (rank.output, rank.read_output)):
            if source is not None:
                self._selector.register(source, selectors.EVENT_READ, read)

    def _place(self, number: int, port: int) -> dict[str, str]:
        """The variables by which a rank knows its place: those of torchrun."""
        if self._count == 1:
            return {}
        threads = str(max(1, _cores() // self._count))
        return {
            "RANK": str(number),
            "LOCAL_RANK": str(number),
            "WORLD_SIZE": str(self._count),
            "LOCAL_WORLD_SIZE": str(self._count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": self._environment.get("OMP_NUM_THREADS", threads),
        }

    def _wait(self, pipe: socket.socket) -> None:
        """Wait until something comes from a rank, a signal arrives, or the patience is over."""
        left = None
        if self._deadline is not None and not self._impatient:
            left = max(0.0, self._deadline - time.monotonic())
        for key, _ in self._selector.select(left):
            if key.data is None:
                for number in pipe.recv(4096):
                    if number != signal.SIGCHLD:
                        self._pass_on(number)
            elif not key.data():
                self._selector.unregister(key.fileobj)
        if left is not None and time.monotonic() >= (self._deadline or 0.0):
            self._kill()

    def _pass_on(self, number: int) -> None:
        """Hand a signal to every rank; after the third Ctrl-C nobody waits any more."""
        self._signals.append(number)
        if self._signals.count(signal.SIGINT) > 2:
            self._kill()
        for rank in self._ranks:
            rank.send_signal(number)

    def _kill(self) -> None:
        self._impatient = True
        for rank in self._ranks:
            if not rank.has_ended() and not rank.killed:
                if self._ranks[0].code != _WRONG_USAGE:  # then there is nothing that it could keep
                    self._note(f"rank {rank.rank} has not ended, and is killed")
                rank.kill()

    def _judge(self) -> None:
        """See who ended badly first, tell the others, and set a limit to their patience."""
        ended = [rank for rank in self._ranks if rank.code is not None]
        bad = [rank for rank in ended if rank.code and not rank.killed]
        if self._failed is None and bad:
            # Where several have ended since we looked: one that was killed fell first.
            failed = min(bad, key=lambda rank: (rank.was_stopped, rank.exit_code < 128, rank.rank))
            self._failed = failed
            if (failed.code or 0) < 0 or not failed.was_stopped:
                for rank in self._ranks:
                    rank.tell_failure(failed.ending)
            self._limit(self._grace)
        first = self._ranks[0]
        if first.code is not None:
            alone = self._grace if first.code == 0 else _GRACE_WITHOUT_FIRST
            self._limit(0.0 if first.code == _WRONG_USAGE else min(alone, self._grace))

    def _limit(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        if self._deadline is None or limit < self._deadline:
            self._deadline = limit

    def _ending(self) -> Ending:
        printed: list[str] = []
        for rank in self._ranks:
            if rank.code and not rank.killed and not rank.was_stopped:
                printed += [f"[rank {rank.rank}] {line}" for line in rank.printed]
        run = self._ranks[0].run
        signalled = bool(self._signals)
        failed = self._failed
        if failed is None:
            code = INTERRUPTED if self._ranks[0].killed else 0  # by the third Ctrl-C
            return Ending(code, run=run, signalled=signalled)
        code = failed.exit_code
        if failed.was_stopped:
            if signalled:
                code = INTERRUPTED if self._signals[0] == signal.SIGINT else REQUEUE
            return Ending(code, None, "", run, signalled)
        told = (self._ranks[0].code or 0) > 0
        return Ending(code, failed.rank, failed.ending, run, signalled, told, tuple(printed))


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _held_port() -> Iterator[int]:
    """A port of this machine at which a rank can listen, and that the system gives to nobody else
    inside: it is bound, by a socket that does not listen.
    """
    with socket.socket() as holding:
        # Who names the port and says the same, as torch does, may bind it as well.
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        yield holding.getsockname()[1]


@contextlib.contextmanager
def _signals_written_to_a_pipe() -> Iterator[socket.socket]:
    """Inside, a signal that ends processes, and the end of a child, come out of the socket as their
    number. One that is ignored (`nohup`) stays so.
    """
    reading, writing = socket.socketpair()
    with reading, writing:
        reading.setblocking(False)
        writing.setblocking(False)
        handlers = {}
        wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            for number in signal.Signals:
                if number.name in (*STOPPING, "SIGCHLD"):
                    before = signal.getsignal(number)
                    if before is not signal.SIG_IGN:
                        handlers[number] = signal.signal(number, lambda *_: None)
            yield reading
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in handlers.items():
                signal.signal(number, handler)
