"""The agreement of ranks on what only one of them knows: that it was asked to stop, or to save."""

from __future__ import annotations

import time

from stride.training.callbacks import Callbacks
from stride.training.due import Due
from stride.training.ranks.ranks import Ranks
from stride.training.stopping import Stop

_SECONDS_BETWEEN = 0.25
"""About how long a request may wait."""


class Agreement:
    """Has all ranks see requests at the same step.

    They meet every few steps, as many as the first rank makes in a quarter of a second, so that a
    meeting costs next to nothing. A process that trains alone needs none.
    """

    def __init__(self, ranks: Ranks, stop: Stop, due: Due, callbacks: Callbacks) -> None:
        self._ranks = ranks
        self._stop = stop
        self._due = due
        self._callbacks = callbacks
        self._every = 1
        self._next = 0
        self._met = time.monotonic()
        self._stop_reason: str | None = None
        stop.alone = ranks.world_size == 1

    @property
    def stop_reason(self) -> str | None:
        """Why the watchers want the training to end, as far as all ranks know."""
        alone = self._ranks.world_size == 1
        return self._callbacks.stop_reason if alone else self._stop_reason

    def after_step(self, step: int) -> None:
        """Meet, if it is time for it."""
        if self._ranks.world_size > 1 and step >= self._next:
            self.meet(step)

    def meet(self, step: int) -> None:
        """Tell what this rank knows, and hear what others do."""
        self._stop.look()
        self._due.look()
        now = time.monotonic()
        passed, self._met = now - self._met, now
        faster = int(self._every * _SECONDS_BETWEEN / max(passed, 1e-6))
        heard = self._ranks.gather(
            [
                self._stop.requested,
                self._stop.reason,
                self._stop.by_scheduler,
                self._due.soon,
                self._callbacks.stop_reason,
                min(max(faster, 1), 2 * self._every, 1000),
            ]
        )
        for requested, reason, by_scheduler, _, _, _ in heard:
            if requested:
                self._stop.request(reason, by_scheduler=by_scheduler)
                self._stop.agreed = True
        self._due.soon = any(each[3] for each in heard)
        self._stop_reason = next((each[4] for each in heard if each[4]), None)
        self._every = heard[0][5]
        self._next = step + self._every
