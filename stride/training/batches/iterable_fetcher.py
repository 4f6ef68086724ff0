"""The reading of a data set that is iterated over: its samples in windows, each with its own
randomness.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import IterableDataset, default_collate, get_worker_info

from stride.training.batches.fetcher import Collate
from stride.training.batches.sample_randomness import may_draw, mixed, seed_generators
from stride.training.device import thread_count
from stride.training.seeding import derive


class IterableFetcher(IterableDataset[Any]):
    """Gives windows, tuples of micro-batches: in the workers of a DataLoader, or called here.

    Global generators are left as the last sample had them: who iterates here keeps them.

    Args:
        dataset: `set_epoch(epoch)` is called where it has one. In each of several workers it is
            asked for samples of its own, as `torch.utils.data.get_worker_info` tells it.
        collate: makes a batch of a list of samples; None for torch's way.

    Attributes:
        place: epoch, windows to leave out, and parts of a window: (3,) of int64, in shared memory,
            so that workers that stay see what is asked for next.
    """

    def __init__(
        self,
        dataset: IterableDataset[Any],
        collate: Collate | None,
        *,
        batch_size: int,
        drop_last: bool,
        seed: int,
        split: str,
    ) -> None:
        self.dataset = dataset
        self.draws = may_draw(dataset) or collate is not None
        self.place = torch.zeros(3, dtype=torch.int64)
        self.place.share_memory_()  # type: ignore[no-untyped-call]
        self._seeds_samples = may_draw(dataset)
        self._collate = collate
        self._batch_size = batch_size
        self._drop_last = drop_last
        self._seed = seed
        self._split = split

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        epoch, skipped, parts = self.place.tolist()
        return (window for window, _ in self.windows(epoch, skipped=skipped, parts=parts))

    def windows(
        self, epoch: int, *, begin: int = 0, skipped: int = 0, parts: int = 1
    ) -> Iterator[tuple[tuple[Any, ...], bool]]:
        """The windows of an epoch, each with whether it is known to be the last.

        Args:
            begin: windows that the data set has behind it already, by its state.
            skipped: windows to read and drop.
        """
        info = get_worker_info()
        share = () if info is None or info.num_workers == 1 else (info.id,)
        base = derive(self._seed, self._split, "sample", epoch, *share)
        set_epoch = getattr(self.dataset, "set_epoch", None)  # optional in what others write
        if callable(set_epoch):
            set_epoch(epoch)
        self._seed_for(derive(base, "iter"))
        samples = iter(self.dataset)
        number, is_over = begin, False
        while not is_over:
            with thread_count(1):  # as in a worker: the last bits of a sum depend on it
                window, is_over = self._read(samples, base, number)
            number += 1
            if number <= skipped or not window or (is_over and self._leaves_out(window)):
                continue
            yield self._batches(window, epoch, number - 1, parts), is_over

    def _read(self, samples: Iterator[Any], base: int, number: int) -> tuple[list[Any], bool]:
        """The samples of the window of that number, and whether there are no more."""
        window: list[Any] = []
        for position in range(number * self._batch_size, (number + 1) * self._batch_size):
            self._seed_for(mixed(base, position))
            try:
                window.append(next(samples))
            except StopIteration:
                return window, True
        return window, False

    def _leaves_out(self, window: list[Any]) -> bool:
        return self._drop_last and len(window) < self._batch_size

    def _batches(self, window: list[Any], epoch: int, number: int, parts: int) -> tuple[Any, ...]:
        size = -(-self._batch_size // parts)
        cut = [window[first : first + size] for first in range(0, len(window), size)]
        if self._collate is None:
            return tuple([default_collate(part) for part in cut])
        batches = []
        for part, samples in enumerate(cut):
            seed_generators(derive(self._seed, self._split, "collate", epoch, number, part))
            with thread_count(1):
                batches.append(self._collate(samples))
        return tuple(batches)

    def _seed_for(self, seed: int) -> None:
        if self._seeds_samples:
            seed_generators(seed)
