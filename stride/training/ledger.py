"""The ledger: what a training writes down. One rank keeps it; the others know what is in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, final

from stride.store.attempt import Attempt
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.tables import Cell
from stride.training.checkpoints.best_files import put_back_best_files
from stride.training.checkpoints.kept_digests import put_back_digests
from stride.training.checkpoints.reading import Found
from stride.training.parts import Parts, share_weights
from stride.training.sharded_weights import ShardedWeights
from stride.training.weights_files import WeightsFiles

Row = Mapping[str, Cell]


class Ledger(ABC):
    """Rows, records, weights and results of one training. Every rank makes the same entries, at the
    same steps; what is read is the same on all of them.
    """

    @abstractmethod
    def step_row(self, row: Row) -> None:
        """A row of steps.csv."""

    @abstractmethod
    def evaluation_row(self, row: Row) -> None:
        """A row of metrics.csv."""

    @abstractmethod
    def timing_row(self, row: Row) -> None:
        """A row of timings.csv."""

    @abstractmethod
    def sign(
        self,
        step: int,
        epoch: int,
        *,
        metrics: Mapping[str, float] | None = None,
        promise: float = 60.0,
    ) -> None:
        """A sign of life, and where the training is."""

    @abstractmethod
    def best(self, best: BestRecord) -> None:
        """The best value of a monitor, in place of the one before; the weights were written."""

    @property
    @abstractmethod
    def bests(self) -> tuple[BestRecord, ...]:
        """The best value of each monitor."""

    @property
    @abstractmethod
    def last(self) -> Mapping[str, Any]:
        """The newest values."""

    @abstractmethod
    def digests(self) -> dict[str, str]:
        """Digests of the files of the best weights, by name."""

    @abstractmethod
    def rewind(
        self, bests: tuple[BestRecord, ...], last: Mapping[str, Any], step: int, epoch: int
    ) -> None:
        """Go back to the moment of a checkpoint."""

    @abstractmethod
    def put_back(self, found: Found, *, logged: int, evaluated: int) -> None:
        """Bring tables and best weights to the moment of a checkpoint.

        Args:
            logged: step of its last row of steps.csv.
            evaluated: step of its last row of metrics.csv.

        Raises:
            StorageError: the disk refused.
        """

    @abstractmethod
    def write_weights(self, name: str) -> None:
        """Write the weights as they are, durably.

        Raises:
            StorageError: the disk refused.
        """

    @abstractmethod
    def load_weights(self, name: str) -> None:
        """Put the weights of a file into model and task.

        Raises:
            VerificationError, StoredFileError: the file is not what was written.
        """

    @abstractmethod
    def results(self, results: Mapping[str, float]) -> None:
        """The results of the final evaluation.

        Raises:
            StorageError: the disk refused.
        """


@final
class RunLedger(Ledger):
    """That of the first rank: it writes to the run folder."""

    def __init__(self, run: Run, attempt: Attempt, parts: Parts) -> None:
        self._run = run
        self._attempt = attempt
        self._parts = parts
        self._settings = parts.fit_kwargs
        self._files: WeightsFiles | ShardedWeights
        if parts.sharding is None:
            self._files = WeightsFiles(run, attempt, parts.model, parts.task)
        else:
            self._files = ShardedWeights(parts, run, attempt)

    def step_row(self, row: Row) -> None:
        """Append it."""
        self._run.steps.append(row)

    def evaluation_row(self, row: Row) -> None:
        """Append it."""
        self._run.metrics.append(row)

    def timing_row(self, row: Row) -> None:
        """Append it."""
        self._run.timings.append(row)

    def sign(
        self,
        step: int,
        epoch: int,
        *,
        metrics: Mapping[str, float] | None = None,
        promise: float = 60.0,
    ) -> None:
        """Give it to the attempt."""
        self._attempt.sign(
            step=step,
            epoch=epoch,
            max_epochs=self._settings.max_epochs,
            max_steps=self._settings.max_steps,
            metrics=metrics,
            promise=promise,
        )

    def best(self, best: BestRecord) -> None:
        """Record it."""
        self._attempt.best(best)

    @property
    def bests(self) -> tuple[BestRecord, ...]:
        """Those of the record."""
        return self._attempt.record.best

    @property
    def last(self) -> Mapping[str, Any]:
        """Those of the record."""
        return self._attempt.record.last

    def digests(self) -> dict[str, str]:
        """Those of the record."""
        digests = self._attempt.record.digests
        names = [each.weights for each in self.bests if each.weights is not None]
        return {name: digests[name] for name in names}

    def rewind(
        self, bests: tuple[BestRecord, ...], last: Mapping[str, Any], step: int, epoch: int
    ) -> None:
        """Drop what was recorded of later steps."""
        self._attempt.rewind(best=bests, last=last, step=step, epoch=epoch)

    def put_back(self, found: Found, *, logged: int, evaluated: int) -> None:
        """Cut the tables, link the files."""
        run = self._run
        run.steps.cut(logged)
        run.metrics.cut(evaluated)
        run.timings.cut(evaluated)
        put_back_digests(run, found.manifest)
        put_back_best_files(run, found)
        self._attempt.forget_digests("best")
        for name, digest in found.manifest.weights.items():
            self._attempt.digest(name, digest)
        self._attempt.write()

    def write_weights(self, name: str) -> None:
        """Write them with their digest."""
        self._files.write(name)

    def load_weights(self, name: str) -> None:
        """Verify, load, and hand them to the other ranks."""
        self._files.load(name)
        if self._parts.sharding is None:
            share_weights(self._parts.model, self._parts.task, self._parts.ranks)

    def results(self, results: Mapping[str, float]) -> None:
        """Write them, unless an attempt that died right after has."""
        # As text: nan is not equal to itself.
        if repr(sorted(self._run.read_results().items())) != repr(sorted(results.items())):
            self._run.save_results(results)
