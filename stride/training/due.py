"""When a checkpoint is due, by step, by epoch, by minutes, or on demand; and who writes it."""

from __future__ import annotations

import math
import time
from typing import Protocol

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.training.stopping import Stop


class Keeper(Protocol):
    """Who writes the checkpoints."""

    def save(self) -> None:
        """Write one of this moment."""

    def prepare(self) -> None:
        """Make ready for the first one, now that the optimisers have their state."""


class Due:
    """Looks at the steps as they are done; the clock and requests it looks at now and then.

    Attributes:
        soon: whether one is due after the next step.
    """

    def __init__(self, settings: CheckpointKwargs, stop: Stop) -> None:
        self._every_steps = settings.every_steps or 0
        self._every_epochs = settings.every_epochs or 0
        self._seconds = (settings.every_minutes or math.inf) * 60.0
        self._stop = stop
        self._saved = time.monotonic()
        self.soon = False

    def look(self) -> None:
        """Look at the clock and for requests: at log steps."""
        late = time.monotonic() - self._saved > self._seconds
        self.soon = self.soon or late or self._stop.checkpoint_requested

    def after_step(self, step: int) -> bool:
        """Whether one is due after this step."""
        return self.soon or (self._every_steps > 0 and step % self._every_steps == 0)

    def after_epoch(self, epoch: int) -> bool:
        """Whether one is due at the end of this epoch."""
        return self._every_epochs > 0 and epoch % self._every_epochs == 0

    def saved(self) -> None:
        """One is being written."""
        self._saved = time.monotonic()
        self.soon = False
        self._stop.checkpoint_requested = False
