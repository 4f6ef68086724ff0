"""The supervisor: takes trials, has each trained in a process of its own, and tells what came of
it. Signals are passed on to the trainings, which stop with a checkpoint.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from stride.sweep.trials import Taken, Trials

_POLL = 0.05
_FIRST_LOOK, _LAST_LOOK = 0.5, 5.0
"""Seconds between two looks at trials that others have: at first, and at last."""

_STOPPED = (75, 130)
"""Exit codes of a training that was stopped, and can go on."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")


class Training(Protocol):
    """The process that trains one trial."""

    def poll(self) -> int | None:
        """Its exit code, negative where a signal killed it; None while it runs."""

    def send(self, number: int) -> None:
        """Send it a signal; nothing where it has ended."""

    def last_words(self) -> str:
        """The last line that it has printed."""


Start = Callable[[Taken, int], Training]
"""Starts the training of a trial in the slot of this number, from 0."""


@dataclass(frozen=True)
class Halt:
    """Why a supervisor came to its end.

    Attributes:
        signal: that asked for it; None where nothing was left to do.
        failed: whether it stopped as a trial had failed.
    """

    signal: int | None = None
    failed: bool = False


class Supervisor:
    """Trains the trials of a sweep, several at once. Used in the main thread, where signals arrive.

    Args:
        slots: how many are trained at once.
        wait: whether to stay while others train the last trials, as they may be killed.
        stop_on_failure: begin no more where one has failed.
        begun: is told each trial that begins or goes on.
    """

    def __init__(
        self,
        trials: Trials,
        start: Start,
        *,
        slots: int = 1,
        wait: bool = True,
        stop_on_failure: bool = False,
        begun: Callable[[Taken], None] = lambda taken: None,
    ) -> None:
        self._trials = trials
        self._start = start
        self._slots: list[tuple[Taken, Training] | None] = [None] * slots
        self._wait = wait
        self._stop_on_failure = stop_on_failure
        self._begun = begun
        self._signals: list[int] = []

    def run(self) -> Halt:
        """Train until nothing is left to do, or a signal asks for the end.

        Raises:
            StrideError: the journal, or a run, cannot be read or written; the trainings that there
                are have been stopped.
        """
        with self._handling():
            try:
                self._train()
            except BaseException:
                self._send(signal.SIGTERM)
                while any(slot and slot[1].poll() is None for slot in self._slots):
                    time.sleep(_POLL)
                raise
        return Halt(self._signals[0] if self._signals else None, self._is_over)

    @property
    def _is_over(self) -> bool:
        return self._stop_on_failure and self._trials.failures > 0

    def _train(self) -> None:
        look, pause = 0.0, _FIRST_LOOK
        while True:
            changed = self._collect()
            if changed:
                look, pause = 0.0, _FIRST_LOOK
            if self._signals and not self._mine:
                return
            if not self._signals and None in self._slots and time.monotonic() >= look:
                taken = self._trials.take(self._mine, more=not self._is_over)
                if taken is not None:
                    self._begin(taken)
                    continue
                if not self._mine and not (self._wait and self._trials.others.busy):
                    return
                look, pause = time.monotonic() + pause, min(2 * pause, _LAST_LOOK)
            time.sleep(_POLL)

    @property
    def _mine(self) -> list[int]:
        return [slot[0].number for slot in self._slots if slot is not None]

    def _begin(self, taken: Taken) -> None:
        place = self._slots.index(None)
        self._begun(taken)
        training = self._start(taken, place)
        self._slots[place] = taken, training
        for number in self._signals:  # that came while it was started
            training.send(number)

    def _collect(self) -> bool:
        """Tell of the trainings that have ended; whether there were any."""
        found = False
        for place, slot in enumerate(self._slots):
            code = None if slot is None else slot[1].poll()
            if slot is None or code is None:
                continue
            self._slots[place], found = None, True
            self._settle(*slot, code)
        return found

    def _settle(self, taken: Taken, training: Training, code: int) -> None:
        signalled = bool(self._signals)
        if code in _STOPPED and not signalled:
            self._trials.leave(taken)
        failure = None
        if 0 < code < 128 and code not in _STOPPED and not signalled:
            failure = training.last_words().removeprefix("error: ") or f"exit code {code}"
        # Its code may as well have ended the process (`os._exit`), with whatever exit code.
        killed = not signalled and code not in _STOPPED
        self._trials.settle(taken, failure=failure, killed=killed)

    def _send(self, number: int) -> None:
        for slot in self._slots:
            if slot is not None:
                slot[1].send(number)

    @contextlib.contextmanager
    def _handling(self) -> Iterator[None]:
        """Inside, signals are passed on to the trainings. One that is ignored (`nohup`) stays so;
        after the third Ctrl-C nobody waits any more.
        """

        def handle(number: int, frame: FrameType | None) -> None:
            self._signals.append(number)
            if self._signals.count(signal.SIGINT) > 2:
                number = signal.SIGKILL
            self._send(number)

        before: dict[signal.Signals, Any] = {}
        for each in signal.Signals:
            if each.name in _SIGNALS and signal.getsignal(each) is not signal.SIG_IGN:
                before[each] = signal.signal(each, handle)
        try:
            yield
        finally:
            for each, earlier in before.items():
                signal.signal(each, earlier)
