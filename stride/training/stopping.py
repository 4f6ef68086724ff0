"""Stopping a training: a signal or request ends it at a step's edge, a second Ctrl-C at once.

=====================================  ==========================================================
Ctrl-C (SIGINT), `stride stop`         a person wants it to end: KeyboardInterrupt
SIGTERM, SIGUSR1, SIGHUP               the machine or its scheduler does: StoppedError, "requeue"
a second Ctrl-C                        KeyboardInterrupt at once, wherever the training is
`stride checkpoint`                    a checkpoint is wanted; the training goes on
=====================================  ==========================================================
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from stride.errors import NonFiniteError, StoppedError
from stride.store.requests import take_request
from stride.store.run import Run

_logger = logging.getLogger(__name__)

_REQUEUE = ("SIGTERM", "SIGUSR1", "SIGHUP")
"""Signals by which a scheduler, a shell or a lost connection ends a process; those there are."""


class AtStepEdge(BaseException):
    """The training was asked to stop and is between two steps. The loop catches it, saves what is
    needed to go on, and raises `Stop.error()`. No `except Exception` on its way does.
    """


class Stop:
    """Whether the training was asked to stop, or to write a checkpoint.

    Args:
        run: whose request files are read; None for none.

    Attributes:
        requested: looked at after each step; plain, so that looking costs nothing.
        checkpoint_requested: who writes the checkpoint sets it back.
        reason: why it is to stop, in words; None while it is not.
        by_scheduler: whether it is to be started again.
        alone: whether this process trains alone; else all ranks must have agreed on the step.
        agreed: whether they have.
    """

    def __init__(self, run: Run | None = None) -> None:
        self.requested = False
        self.checkpoint_requested = False
        self.reason: str | None = None
        self.by_scheduler = False
        self.alone = True
        self.agreed = False
        self._run = run

    def request(self, reason: str, *, by_scheduler: bool = False) -> None:
        """Ask to stop at the next edge of a step; the first reason stays."""
        if not self.requested:
            self.reason = reason
            self.by_scheduler = by_scheduler
            self.requested = True

    def check(self) -> None:
        """Between two steps: stop here if asked to.

        Raises:
            AtStepEdge: it was.
        """
        if self.requested and (self.alone or self.agreed):
            raise AtStepEdge

    def look(self) -> None:
        """Read the request files of the run, at log steps and while nothing else happens."""
        if self._run is None:
            return
        if found := take_request(self._run.request_path("stop")):
            where = f" on {found.host}" if found.host else ""
            self.request(f"stopped by stride stop{where}")
            _logger.warning("stopping after this step: asked to by stride stop%s", where)
        if take_request(self._run.request_path("checkpoint")):
            self.checkpoint_requested = True

    def error(self) -> BaseException:
        """What the training ends with: KeyboardInterrupt where a person stopped it, StoppedError
        where it is to be started again; the reason is its message.
        """
        reason = self.reason or "interrupted"
        return StoppedError(reason) if self.by_scheduler else KeyboardInterrupt(reason)


@contextlib.contextmanager
def stopping_at_step_edges(
    run: Run | None = None, *, note: Callable[[str], None] | None = None
) -> Iterator[Stop]:
    """Handle signals and read requests inside; afterwards the handlers are as they were.

    Handlers belong to the main thread: elsewhere only requests are read. A signal that is ignored
    (`nohup`) stays ignored, and a handler of the caller's own for a signal of schedulers stays his.
    An error that follows the request (a DataLoader worker got the signal too) is a consequence of
    it.

    Args:
        run: whose request files are read; None for none.
        note: is told a reason to stop as soon as it is known, since a scheduler may kill the
            process before the step ends.

    Raises:
        KeyboardInterrupt, StoppedError: it was asked to stop; see `Stop.error`.
    """
    stop = Stop(run)
    with _handlers(stop, note):
        try:
            yield stop
        except AtStepEdge:
            raise stop.error() from None
        except (NonFiniteError, StoppedError):
            raise
        except Exception as error:
            if stop.requested:
                raise stop.error() from error
            raise


@contextlib.contextmanager
def _handlers(stop: Stop, note: Callable[[str], None] | None) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    owner = os.getpid()
    before: dict[signal.Signals, Any] = {}

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a worker that was forked off; the training will end it
            return
        if stop.requested:
            raise KeyboardInterrupt
        stop.request("interrupted")
        _say("stopping after this step; Ctrl-C again stops at once")

    def terminate(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a child of the user's, which is to end as any process does
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if os.getpid() != owner or stop.requested:
            return
        name = signal.Signals(number).name
        stop.request(f"stopped by {name}", by_scheduler=True)
        _say(f"{name}: stopping after this step")
        if note is not None:
            note(f"got {name}")

    handlers = {number: terminate for number in signal.Signals if number.name in _REQUEUE}
    try:
        for number, handler in {signal.SIGINT: interrupt, **handlers}.items():
            now = signal.getsignal(number)
            if now is signal.SIG_DFL or (number is signal.SIGINT and callable(now)):
                before[number] = now
                signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _say(text: str) -> None:
    """Log from the handler of a signal, which may have interrupted a writing to the same stream:
    that refuses, and the training is not to end of it.
    """
    with contextlib.suppress(RuntimeError):
        _logger.warning("%s", text)
