"""The saver: writes the checkpoints of a training, when the loop says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stride.store.run import Run
from stride.training.callbacks import Callbacks
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import Found
from stride.training.due import Due
from stride.training.fit_state import FitState
from stride.training.ledger import Ledger
from stride.training.moments import CheckpointSaved
from stride.training.parts import Parts

if TYPE_CHECKING:
    from stride.training.checkpoints.sharded_checkpoints import ShardedCheckpoints


class Saver:
    """Gathers the state, has it written, and tells the watchers once it is."""

    def __init__(
        self,
        ledger: Ledger,
        checkpoints: Checkpoints | ShardedCheckpoints | None,
        state: FitState,
        due: Due,
        callbacks: Callbacks,
    ) -> None:
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._state = state
        self._due = due
        self._callbacks = callbacks

    def save(self, *, epoch_ended: bool = False, best: bool = False) -> None:
        """Write a checkpoint of this moment: the first rank does, and each where weights are
        sharded, in the background unless the
        config says otherwise.

        Args:
            epoch_ended: at the end of an epoch.
            best: the first monitor was never better.

        Raises:
            NonFiniteError: a loss that was not read yet is not finite: nothing is written.
        """
        state = self._state.gather()  # all ranks meet here
        if self._checkpoints is not None:
            self._checkpoints.save(
                state,
                self._state.position,
                digests=self._ledger.digests(),
                best=best,
                epoch_end=epoch_ended,
            )
        self._due.saved()
        self.tell()

    def prepare(self) -> None:
        """Allocate the copy of the state, so that the first save is as fast as others."""
        state = self._state.gather()
        if self._checkpoints is not None:
            self._checkpoints.prepare(state)

    def tell(self) -> None:
        """Tell the watchers of the checkpoints that are whole by now."""
        if self._checkpoints is None:
            return
        for saved in self._checkpoints.outcomes():
            position = saved.position
            self._callbacks.tell(CheckpointSaved(position.step, position.epoch, saved.path))

    def finish(self) -> None:
        """Wait for the one that is being written."""
        if self._checkpoints is not None:
            self._checkpoints.finish()
        self.tell()


def checkpoints_of(
    parts: Parts, run: Run, resumed: Found | None
) -> Checkpoints | ShardedCheckpoints | None:
    """What writes the checkpoints on this rank; None where another does."""
    ranks, settings = parts.ranks, parts.checkpoint_kwargs
    first = Checkpoints(run, settings, resumed=resumed) if ranks.is_first else None
    if parts.sharding is None:
        return first
    # Only here: it takes seconds to import, and other trainings need nothing of it.
    from stride.training.checkpoints.sharded_checkpoints import ShardedCheckpoints

    return ShardedCheckpoints(first, settings, parts.sharding, ranks)
