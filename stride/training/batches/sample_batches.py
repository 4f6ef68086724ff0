"""The batches of a data set that is asked for its samples, through torch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from stride.training.batches.order import Order
from stride.training.device import to_device
from stride.training.seeding import derive


class SampleBatches:
    """Batches of one split, collated by torch; data sets with `__getitems__` are asked for whole
    batches.
    """

    resuming = "by position"

    def __init__(
        self,
        dataset: Dataset[Any],
        order: Order,
        *,
        num_workers: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self._dataset = dataset
        self._order = order
        self._num_workers = num_workers
        self._seed = seed
        self._device = device

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
        """The windows of an epoch from `start` on."""
        order = self._order
        cut = [
            [part.tolist() for part in order.cut(window, parts)]
            for window in order.windows(epoch, start, torch.device("cpu"))
        ]
        generator = torch.Generator().manual_seed(derive(self._seed, "loader", epoch))
        loader = iter(
            DataLoader(
                self._dataset,
                batch_sampler=[part for window in cut for part in window],
                num_workers=self._num_workers,
                pin_memory=self._device.type == "cuda",
                generator=generator,
            )
        )
        for window in cut:
            yield tuple([to_device(next(loader), self._device) for _ in window])

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
