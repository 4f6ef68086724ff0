"""The batches of a data set that has no index, and is iterated over."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sized
from typing import Any

import torch
from torch.utils.data import IterableDataset

from stride.training.batches.fetcher import Collate
from stride.training.batches.iterable_fetcher import IterableFetcher
from stride.training.batches.sample_batches import warn_of_private_generators
from stride.training.batches.sample_randomness import kept_generators
from stride.training.batches.workers import Workers
from stride.training.device import to_device
from stride.training.seeding import derive

_logger = logging.getLogger(__name__)


class IterableBatches:
    """Batches of one split, in the order in which the data set gives its samples.

    It goes on in the middle of an epoch by the `state_dict` and `load_state_dict` of the data set,
    where it has them and is read in this process; its state then is that after the last sample that
    it gave. Else all before is read and dropped.

    One worker gives what this process would. Several share the samples among them as the data set
    has it, so that what comes out depends on their number.
    """

    def __init__(
        self,
        dataset: IterableDataset[Any],
        *,
        batch_size: int,
        drop_last: bool,
        collate: Collate | None = None,
        num_workers: int,
        seed: int,
        split: str,
        device: torch.device,
    ) -> None:
        self.batch_size = batch_size
        self._dataset: Any = dataset
        self._drop_last = drop_last
        self._num_workers = num_workers
        self._seed = seed
        self._device = device
        self._fetcher = IterableFetcher(
            dataset, collate, batch_size=batch_size, drop_last=drop_last, seed=seed, split=split
        )
        self._workers = Workers(self._fetcher, num_workers, device) if num_workers else None
        methods = [getattr(dataset, name, None) for name in ("state_dict", "load_state_dict")]
        self._has_state = num_workers == 0 and all(callable(method) for method in methods)
        self._handed: dict[str, Any] = {}
        self._loaded: Mapping[str, Any] = {}
        warn_of_private_generators(dataset, split)
        if num_workers > 1:
            _logger.warning(
                "the %s data is iterated over by %d workers: what they read, and in which order,"
                " depends on their number, and is each sample several times unless the data set"
                " asks torch.utils.data.get_worker_info for its share",
                split,
                num_workers,
            )

    @property
    def resuming(self) -> str:
        """How it goes on in the middle of an epoch."""
        return "by its state_dict" if self._has_state else "by skipping"

    @property
    def samples(self) -> int:
        """Samples in an epoch, where the data set says it; else 0."""
        if self._num_workers > 1 or not isinstance(self._dataset, Sized):
            return 0
        return len(self._dataset)

    def __len__(self) -> int:
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 0 and not self._drop_last)

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, on the device."""
        return (batch for (batch,) in self.windows(epoch))

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        """The windows of an epoch from `start` on.

        Raises:
            Exception: whatever the data set raises.
        """
        loaded, self._loaded = self._loaded, {}
        if self._workers is not None:
            yield from self._from_workers(self._workers, epoch, start, parts)
            return
        begin = 0
        if start and (loaded.get("epoch"), loaded.get("windows")) == (epoch, start):
            if loaded["is_over"]:
                return
            self._dataset.load_state_dict(loaded["dataset"])
            begin = start
        windows = self._fetcher.windows(epoch, begin=begin, skipped=start, parts=parts)
        number = start
        while True:
            with kept_generators() if self._fetcher.draws else contextlib.nullcontext():
                found = next(windows, None)
            if found is None:
                self._handed |= {"is_over": True}
                return
            window, is_over = found
            number += 1
            self._handed = {"epoch": epoch, "windows": number, "is_over": is_over}
            yield to_device(window, self._device)

    def _from_workers(
        self, workers: Workers, epoch: int, start: int, parts: int
    ) -> Iterator[tuple[Any, ...]]:
        skipped_there = start if self._num_workers == 1 else 0
        self._fetcher.place.copy_(torch.tensor([epoch, skipped_there, parts]))
        windows = workers.fetch(None, derive(self._seed, "loader", epoch))
        for number, window in enumerate(windows, skipped_there):
            if number >= start:
                yield to_device(window, self._device)

    def indices(self, epoch: int, window: int) -> None:
        """Not known: the samples have no index."""

    def state_dict(self) -> dict[str, Any]:
        """The place, and the state of the data set, which must hold what a checkpoint can store."""
        if not self._has_state or "epoch" not in self._handed:
            return {}
        return {**self._handed, "dataset": self._dataset.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take such a state."""
        self._loaded = state
        self._handed = {}

    def rest(self) -> None:
        """Let the worker processes go; the next epoch starts new ones."""
        if self._workers is not None:
            self._workers.rest()
