"""The weights files of a run while it trains: each written with its digest, so that a kill leaves
them agreeing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn

from stride.files import sha256_of, sha256_of_file
from stride.store.attempt import Attempt
from stride.store.run import Run
from stride.store.weights_digests import BEFORE, recorded_digests
from stride.training.task import Task
from stride.training.weights import (
    decode_weights,
    encode_weights,
    put_weights,
    read_weights,
    write_weights,
)


class WeightsFiles:
    """Writes and loads the weights of a model, and of its task where that is a module.

    The digest is recorded before the file is replaced, with the one before beside it: whenever the
    process dies, the file is one of the two.
    """

    def __init__(self, run: Run, attempt: Attempt, model: nn.Module, task: Task) -> None:
        self._run = run
        self._attempt = attempt
        self._model = model
        self._task = task

    def write(self, name: str) -> None:
        """Write the weights as they are, durably.

        Raises:
            StorageError: the disk refused.
        """
        content = encode_weights(self._model, self._task)
        digest = sha256_of(content)
        known = recorded_digests(self._attempt.record.digests, name)
        if known == [digest] and self._run.weights_file(name).exists():
            return
        with recording(self._attempt, name, digest):
            write_weights(self._run.weights_file(name), content)

    def load(self, name: str) -> None:
        """Put the weights of a file into model and task.

        Raises:
            VerificationError, StoredFileError: the file is not what was written.
        """
        path = self._run.weights_file(name)
        content = read_weights(path, recorded_digests(self._attempt.record.digests, name))
        put_weights(decode_weights(content, path), self._model, self._task, path)


@contextlib.contextmanager
def recording(attempt: Attempt, name: str, digest: str) -> Iterator[None]:
    """Inside the file is replaced by one of that digest, which is recorded before."""
    before = _digest_now(attempt, name)
    attempt.digest(name + BEFORE, before)
    attempt.digest(name, digest)
    attempt.write()
    yield
    attempt.digest(name + BEFORE, None)


def _digest_now(attempt: Attempt, name: str) -> str | None:
    """The digest of the file as it is. Where a writing was killed it is looked at: what was
    recorded of it is two.
    """
    known = recorded_digests(attempt.record.digests, name)
    if len(known) < 2:
        return known[0] if known else None
    try:
        return sha256_of_file(attempt.run.weights_file(name))
    except FileNotFoundError:
        return None
