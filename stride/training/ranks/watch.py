"""Watch: the thread of a rank that hears of the first failure anywhere and ends this process.

Rank 0 has a line to each other rank. A rank that fails says so on its line, and rank 0 passes it
on; a line that ends without a word says that a process is gone. What rank 0 heard first is the
failure of the training. Processes of one machine hear of it at once, those of others as soon as
the network does. After it a process has some seconds to end by itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from stride.training.ranks.failure import Failure
from stride.training.ranks.launcher_line import LauncherLine
from stride.training.ranks.line import Line
from stride.training.ranks.meetings import Attendance, Whereabouts

_logger = logging.getLogger(__name__)

_TICK = 0.5  # seconds between two looks at who is late
_GRACE = 4.0  # seconds in which a process may end by itself; with the next, below 10
_LAUNCHER_SECONDS = 1.0  # seconds in which the launcher sees how a process ended
_LAST_WORDS = 3.0  # seconds in which it may say why it is ended
_FAILED, _AT, _OVER, _SAYS = "failed", "at", "over", "says"


class Watch:
    """What one rank knows of the end of all.

    Args:
        rank: which one.
        lines: on rank 0 the line to each other rank, elsewhere that to rank 0; closed here.
        patience: seconds that a rank may be waited for in a meeting.
        launcher: the line to the launcher, where it is ours: it knows how a process ended.
    """

    def __init__(
        self,
        rank: int,
        lines: Sequence[Line],
        *,
        patience: float,
        launcher: LauncherLine | None = None,
    ) -> None:
        self._rank = rank
        self._launcher = launcher
        self._host = socket.gethostname()
        self._lines = list(lines)
        self._changed = threading.Condition()
        self._failure: Failure | None = None
        self._over: set[int] = set()
        self._said: dict[int, list[Any]] = {line.rank: [] for line in lines}
        self._here = Whereabouts()
        self._told = self._here
        hosts = {rank: self._host, **{line.rank: line.host for line in lines}}
        self._attendance = Attendance(hosts, patience)
        self._left = threading.Event()
        self._last_words: list[Callable[[str], None]] = []
        self._main = threading.get_ident()
        self._thread = threading.Thread(target=self._look, name="stride-watch", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> Failure | None:
        """The first failure of any rank."""
        return self._failure

    def before_ending(self, tell: Callable[[str], None]) -> None:
        """Have something done before this process is ended; see `Ranks.before_ending`."""
        self._last_words.append(tell)

    @contextlib.contextmanager
    def meeting(self, what: str) -> Iterator[None]:
        """The time in which this rank waits for others."""
        count = self._here.meeting + 1
        self._here = Whereabouts(count, what)
        try:
            yield
        finally:
            self._here = Whereabouts(count)

    def wait_for_failure(self, seconds: float) -> Failure | None:
        """The first failure, if one becomes known in this time."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure is not None, seconds)
            return self._failure

    def gather(self, value: Any) -> list[Any]:
        """What each rank says, in the order of ranks, on every rank: over these lines, before there
        is a process group.

        Raises:
            RankFailedError: one failed meanwhile.
        """
        with self.meeting("messages of all ranks"):
            if self._rank:
                self._tell(_SAYS, value)
            with self._changed:
                self._changed.wait_for(lambda: self._failure or all(self._said.values()))
                if self._failure is not None:
                    raise self._failure.error()
                heard = [self._said[rank].pop(0) for rank in sorted(self._said)]
            if self._rank:
                return list(heard[0])
            every = [value, *heard]
            self._tell(_SAYS, every)
        return every

    def publish(self, message: str) -> None:
        """Say to all ranks that this one failed; nothing, if another did before."""
        self._take(Failure(self._rank, f"rank {self._rank} on {self._host} {message}"))

    def finish(self, seconds: float | None) -> bool:
        """Meet all others at the end.

        Args:
            seconds: how long to wait for them; None: as long as there is patience.

        Returns:
            Whether all have ended well; else look at `failure`.
        """
        others = {line.rank for line in self._lines}
        with self.meeting("the end"):
            if self._rank:
                self._tell(_OVER)
            with self._changed:
                self._changed.wait_for(
                    lambda: self._failure is not None or others <= self._over, seconds
                )
                good = self._failure is None and others <= self._over
            if good and not self._rank:
                self._tell(_OVER)
        return good

    def close(self) -> None:
        """End the watch: from now on nobody ends this process, and nobody misses it."""
        self._left.set()
        self._thread.join(2 * _TICK)
        for line in self._lines:
            line.close()

    def _look(self) -> None:
        """Read the lines, say where this rank is, and see who is late; until the end."""
        with selectors.DefaultSelector() as selector:
            for line in self._lines:
                selector.register(line, selectors.EVENT_READ, line)
            while not self._left.is_set():
                for key, _ in selector.select(_TICK if selector.get_map() else 0):
                    if not self._read(key.data):
                        selector.unregister(key.data)
                if not selector.get_map():
                    self._left.wait(_TICK)
                self._say_where()
                told = self._launcher.failure(0.0) if self._launcher else None
                if told is not None:
                    self._take(Failure(None, told))

    def _read(self, line: Line) -> bool:
        """Take what came; whether more may come."""
        messages = line.receive()
        if messages is None:
            if line.rank not in self._over and not self._left.is_set():
                self._take(self._lost(line))
            return False
        for kind, *content in messages:
            self._hear(line, kind, content)
        return True

    def _lost(self, line: Line) -> Failure:
        """The failure of a rank whose line ended."""
        known = self._launcher.failure(_LAUNCHER_SECONDS) if self._launcher else None
        return Failure(
            line.rank,
            known
            or f"rank {line.rank} on {line.host} ended without a word: it was killed, perhaps for "
            "want of memory, or its machine is gone",
        )

    def _hear(self, line: Line, kind: str, content: list[Any]) -> None:
        if kind == _FAILED:
            self._take(Failure(*content))
        elif kind == _AT:
            self._attendance.update(line.rank, Whereabouts(*content))
        elif kind == _SAYS:
            with self._changed:
                self._said[line.rank] += content
                self._changed.notify_all()
        elif kind == _OVER:
            with self._changed:
                self._over.add(line.rank)
                self._changed.notify_all()

    def _say_where(self) -> None:
        """Tell rank 0 where this rank is; on rank 0, see who is late."""
        here = self._here
        if self._rank:
            if here != self._told:
                self._told = here
                self._tell(_AT, here.meeting, here.waiting)
            return
        self._attendance.update(0, here)
        absent = self._attendance.absent()
        if absent is not None:
            self._take(absent)

    def _take(self, failure: Failure) -> None:
        """Take note of a failure, if it is the first, and pass it on."""
        with self._changed:
            if self._failure is not None:
                return
            self._failure = failure
            self._changed.notify_all()
        if not self._rank or failure.rank == self._rank:
            self._tell(_FAILED, failure.rank, failure.sentence)
        threading.Thread(target=self._end, name="stride-end", daemon=True).start()

    def _tell(self, *message: Any) -> None:
        for line in self._lines:
            line.send(*message)

    def _end(self) -> None:
        """End this process, unless it does so by itself in time."""
        if self._left.wait(_GRACE):
            return
        last = threading.Thread(target=self._say_last_words, daemon=True)
        last.start()
        last.join(_LAST_WORDS)
        os._exit(1)

    def _say_last_words(self) -> None:
        """Say why the process ends, and where it was; what cannot be said in time is not."""
        sentence = self._failure.sentence if self._failure else ""
        _logger.error("%s; this rank is ended, which was at %s", sentence, _place_of(self._main))
        for tell in self._last_words:
            tell(sentence)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _place_of(thread: int) -> str:
    """Where a thread is, as in `loop.py:97 (run) < fitting.py:12 (fit_run)`."""
    frame = sys._current_frames().get(thread)
    places: list[str] = []
    while frame is not None and len(places) < 4:
        code = frame.f_code
        if "torch" not in Path(code.co_filename).parts:
            places.append(f"{Path(code.co_filename).name}:{frame.f_lineno} ({code.co_name})")
        frame = frame.f_back
    return " < ".join(places)
