"""Signs of life of the loop: given now and then, with a promise of the next."""

from __future__ import annotations

import time

from stride.training.ledger import Ledger

_SECONDS_BETWEEN = 5.0
_SHORTEST_PROMISE = 60.0
_PATIENCE = 20.0
"""A sign is promised within so many times what the last stretch took: a slow step is no stalled
training.
"""


class Signs:
    """Says where the training is, so that nobody takes it for dead."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._given = time.monotonic()

    def give(self, step: int, epoch: int) -> None:
        """Give a sign."""
        now = time.monotonic()
        promise = max(_SHORTEST_PROMISE, _PATIENCE * (now - self._given))
        self._given = now
        self._ledger.sign(step, epoch, promise=promise)

    def now_and_then(self, step: int, epoch: int) -> bool:
        """Give one if the last is some seconds old; whether it was."""
        due = time.monotonic() - self._given > _SECONDS_BETWEEN
        if due:
            self.give(step, epoch)
        return due
