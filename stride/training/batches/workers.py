"""The worker processes of a loader: how they begin, what they make of signals, and their end."""

from __future__ import annotations

import atexit
import functools
import os
import signal
import threading
import time
import types
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Final

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

_FOR_THE_TRAINING: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
_SECONDS_TO_STOP: Final = 60
"""How long a worker outlives a SIGTERM: enough for the last step and its checkpoint."""
_SECONDS_BETWEEN_LOOKS: Final = 1.0
"""A worker looks whether its training is there."""


class Workers:
    """Processes that fetch what they are asked for, in the order in which it is asked; they stay
    from epoch to epoch.

    Args:
        fetcher: a data set whose items are whole batches, with the user's own as `dataset`.
        count: of processes.
        device: batches for a GPU are put into pinned memory.
    """

    def __init__(self, fetcher: Dataset[Any], count: int, device: torch.device) -> None:
        self._fetcher = fetcher
        self._count = count
        self._pins = device.type == "cuda"
        self._requests = _Requests()
        self._generator = torch.Generator()
        self._loader: DataLoader[Any] | None = None
        self._batches: Any = None
        self._turn = 0
        self._at_exit = functools.partial(_rest, weakref.ref(self))

    def fetch(self, requests: Iterable[Any] | None, seed: int) -> Iterator[Any]:
        """What the fetcher gives for each request, or, as an iterable data set, by itself.

        What was asked for before and not taken is dropped.

        Args:
            seed: of the processes' own generators, which are seeded when they begin.

        Raises:
            RuntimeError: when batches are taken of an older fetch than the last.
        """
        self._turn += 1
        self._requests.now = requests or ()
        self._generator.manual_seed(seed)
        if self._loader is not None:
            self._batches = iter(self._loader)
            return self._taken(self._turn)
        self._loader = DataLoader(
            self._fetcher,
            batch_size=None,  # what is fetched is a batch already
            sampler=None if requests is None else self._requests,
            collate_fn=_as_it_is,
            num_workers=self._count,
            persistent_workers=True,
            worker_init_fn=_begin,
            pin_memory=self._pins,
            generator=self._generator,
        )
        self._batches = iter(self._loader)
        # Registered after those of multiprocessing, and so called before: it would wait for them.
        atexit.register(self._at_exit)
        return self._taken(self._turn)

    def _taken(self, turn: int) -> Iterator[Any]:
        while True:
            if turn != self._turn:
                raise RuntimeError("another pass over these batches has begun: this one is over")
            try:
                batch = next(self._batches)
            except StopIteration:
                return
            yield batch

    def rest(self) -> None:
        """Let the processes go; the next fetch starts new ones."""
        batches, self._batches, self._loader = self._batches, None, None
        atexit.unregister(self._at_exit)
        self._turn += 1
        if batches is not None:
            # Not left to the last reference: the traceback of an error may hold one for long.
            batches._shutdown_workers()


def _rest(workers: weakref.ref[Workers]) -> None:
    there = workers()
    if there is not None:
        there.rest()


class _Requests:
    """What is asked for, as the sampler of a DataLoader."""

    def __init__(self) -> None:
        self.now: Iterable[Any] = ()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.now)


def _as_it_is(batch: Any) -> Any:
    return batch


def _begin(worker: int) -> None:
    """Prepare a process; called in it, before it loads anything.

    A terminal and a scheduler signal all processes at once. The training ends at a step edge and
    then lets its workers go; had they gone before, it could not get there.
    """
    for number in _FOR_THE_TRAINING:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_later)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    info: Any = get_worker_info()
    # The user's code asks for its own data set there, not for what it is wrapped in.
    object.__setattr__(info, "dataset", info.dataset.dataset)  # it refuses to be changed, else


def _end_with(parent: int) -> None:
    """End this process once its training is gone, whatever it waits for: to hand over batches that
    nobody takes, perhaps.
    """
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(0)


def _end_later(number: int, frame: types.FrameType | None) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS_TO_STOP)
