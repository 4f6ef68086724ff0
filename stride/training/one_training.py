"""One training at a time in a process, whatever its threads try."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from stride.errors import RunStateError

_training = threading.RLock()


@contextlib.contextmanager
def one_training_at_a_time() -> Iterator[None]:
    """Global generators, streams and handlers of signals are the process's: one thread has them.

    Raises:
        RunStateError: another thread has.
    """
    if not _training.acquire(blocking=False):
        raise RunStateError(
            "another thread of this process is training; fit after it has ended, or in a process of"
            " its own"
        )
    try:
        yield
    finally:
        _training.release()
