"""The weights files of a sharded training: all ranks help to write one, and read it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from stride.errors import StorageError, StoredFileError, StrideError, VerificationError
from stride.files import fsync_folder, storage_errors, temporary_for
from stride.store.attempt import Attempt
from stride.store.run import Run
from stride.store.weights_digests import recorded_digests
from stride.training.parts import Parts
from stride.training.sharding.local import place_tensors
from stride.training.weights import decode_weights, put_weights, read_weights
from stride.training.weights_files import recording

_ERRORS: dict[str, type[StrideError]] = {
    each.__name__: each for each in (StorageError, StoredFileError, VerificationError)
}


class ShardedWeights:
    """Writes and loads the weights of a model that is spread over ranks.

    What goes wrong on the first rank is raised on all of them.

    Args:
        run: on the first rank; None on the others, which need not know it.
        attempt: as `run`.
    """

    def __init__(
        self, parts: Parts, run: Run | None = None, attempt: Attempt | None = None
    ) -> None:
        self._parts = parts
        self._run = run
        self._attempt = attempt

    def write(self, name: str) -> None:
        """Write the weights as they are, durably, tensor by tensor. Each rank must call this.

        Raises:
            StorageError: the disk refused.
        """
        # Only here: it takes long to import, and other trainings need nothing of it.
        from stride.training.whole_weights import write_whole_weights

        parts, ranks = self._parts, self._parts.ranks
        if self._run is None or self._attempt is None:
            self._agree(None)  # there is a place for it
            write_whole_weights(None, parts.model, parts.task)
            self._agree(None)
            return
        path = self._run.weights_file(name)
        temporary = temporary_for(path)
        failure: StrideError | None = None
        try:
            with storage_errors("make", path.parent):
                path.parent.mkdir(exist_ok=True)
        except StorageError as error:
            failure = error
        self._agree(failure)
        assert ranks.is_first
        try:
            facts = write_whole_weights(temporary, parts.model, parts.task)
            assert facts is not None  # this rank writes
            with recording(self._attempt, name, facts.digest), storage_errors("write", path):
                temporary.replace(path)
                fsync_folder(path.parent)
        except StorageError as error:
            failure = error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._agree(failure)

    def load(self, name: str) -> None:
        """Put the weights of a file into model and task. Each rank must call this, and reads it.

        Raises:
            VerificationError, StoredFileError: the file is not what was written.
        """
        parts = self._parts
        told: list[object] = []
        if self._run is not None and self._attempt is not None:
            path = self._run.weights_file(name)
            told = [str(path.absolute()), recorded_digests(self._attempt.record.digests, name)]
        where, digests = parts.ranks.broadcast(told)
        path = Path(where)
        tensors = decode_weights(read_weights(path, digests), path)
        put_weights(place_tensors(parts.model, tensors), parts.model, parts.task, path)

    def _agree(self, failure: StrideError | None) -> None:
        """Raise what went wrong on the first rank."""
        said = None if failure is None else [type(failure).__name__, str(failure)]
        said = self._parts.ranks.broadcast(said)
        if failure is not None:
            raise failure
        if said is not None:
            raise _ERRORS.get(said[0], StorageError)(said[1])
