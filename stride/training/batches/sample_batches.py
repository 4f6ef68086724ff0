"""The batches of a data set that is asked for its samples, here or in worker processes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from stride.training.batches.fetcher import Collate, Fetcher, Request
from stride.training.batches.order import Order
from stride.training.batches.sample_randomness import kept_generators, private_generators
from stride.training.batches.workers import Workers
from stride.training.device import to_device
from stride.training.seeding import derive

_logger = logging.getLogger(__name__)


class SampleBatches:
    """Batches of one split. What they hold is the same for any number of workers.

    Args:
        dataset: see `Fetcher`.
        order: of the samples.
        collate: makes a batch of a list of samples; None for torch's way.
        num_workers: processes that load; 0 for this one. They stay from epoch to epoch.
        seed: of the config.
        split: whose batches they are: each has randomness of its own.
        device: where the batches are given.
    """

    resuming = "by position"

    def __init__(
        self,
        dataset: Dataset[Any],
        order: Order,
        *,
        collate: Collate | None = None,
        num_workers: int,
        seed: int,
        split: str,
        device: torch.device,
    ) -> None:
        self._order = order
        self._seed = seed
        self._device = device
        self._fetcher = Fetcher(dataset, collate, seed=seed, split=split)
        self._workers = Workers(self._fetcher, num_workers, device) if num_workers else None
        warn_of_private_generators(dataset, split)

    @property
    def samples(self) -> int:
        """Samples in an epoch."""
        return self._order.samples

    @property
    def batch_size(self) -> int:
        """Samples of one optimiser step."""
        return self._order.batch_size

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, on the device."""
        return (batch for (batch,) in self.windows(epoch))

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        """The windows of an epoch from `start` on; what comes before is not read.

        Raises:
            Exception: whatever the data set raises.
        """
        requests = self._requests_of(epoch, start, parts)
        if not len(requests):
            return
        # Its length may depend on the epoch, so that it is told here even where workers load.
        self._fetcher.begin(epoch)
        fetched: Iterator[Any] | None = None
        if self._workers is not None:
            asked = (request for window in requests for request in window)
            fetched = self._workers.fetch(asked, derive(self._seed, "loader", epoch))
        for window in requests:
            if fetched is None:
                with kept_generators() if self._fetcher.draws else contextlib.nullcontext():
                    batches = [self._fetcher[request] for request in window]
            else:
                batches = [next(fetched) for _ in window]
            yield tuple([to_device(batch, self._device) for batch in batches])

    def _requests_of(self, epoch: int, start: int, parts: int) -> _Windows:
        order = self._order
        windows, draws = order.windows(epoch, start), order.draws(epoch, start)
        cut = [order.cut(window, parts) for window in windows]
        drawn = None if draws is None else [order.cut(window, parts) for window in draws]
        return _Windows(epoch, start, cut, drawn)

    def indices(self, epoch: int, window: int) -> list[int]:
        """The samples of a window."""
        return self._order.indices(epoch, window)

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the position says it all."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing."""

    def rest(self) -> None:
        """Let the worker processes go; the next epoch starts new ones."""
        if self._workers is not None:
            self._workers.rest()


class _Windows:
    """The requests of an epoch, by window; made when they are asked for."""

    def __init__(
        self,
        epoch: int,
        start: int,
        indices: Sequence[Sequence[Tensor]],
        draws: Sequence[Sequence[Tensor]] | None,
    ) -> None:
        self._epoch = epoch
        self._start = start
        self._indices = indices
        self._draws = draws

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[list[Request]]:
        for place, window in enumerate(self._indices):
            indices = [part.tolist() for part in window]
            draws = indices
            if self._draws is not None:
                draws = [part.tolist() for part in self._draws[place]]
            yield [
                Request(self._epoch, self._start + place, part, found, drawn)
                for part, (found, drawn) in enumerate(zip(indices, draws, strict=True))
            ]


def warn_of_private_generators(dataset: object, split: str) -> None:
    """Say that what a data set draws from generators of its own is not repeated after a kill."""
    found = private_generators(dataset)
    if found:
        _logger.warning(
            "the %s data keeps a generator of its own in %s: what it draws depends on what was"
            " drawn before, so that neither a resume nor another num_workers repeats it; take an"
            " argument `generator` in __getitem__, or draw from the global generators",
            split,
            " and ".join(f"`{name}`" for name in found),
        )
