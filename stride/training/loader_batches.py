"""The batches of any other data set, through torch's DataLoader, and those of a loader that was
handed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from stride.training.device import to_device
from stride.training.order import EpochSampler
from stride.training.seeding import derive


class LoaderBatches:
    """Batches of one split, collated by torch; data sets with `__getitems__` are asked for whole
    batches.

    The order and the seeds of the workers are functions of (seed, epoch); the global generator is
    not drawn from.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        *,
        samples: int,
        batch_size: int,
        shuffle: bool,
        drop_last: bool,
        num_workers: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.samples = samples
        self.batch_size = batch_size
        self._dataset = dataset
        self._drop_last = drop_last
        self._num_workers = num_workers
        self._seed = seed
        self._device = device
        self._generator = torch.Generator()
        self._sampler = EpochSampler(samples, seed, shuffle=shuffle)
        self._loader = self._build()

    def _build(self) -> DataLoader[Any]:
        return DataLoader(
            self._dataset,
            batch_size=self.batch_size,
            sampler=self._sampler,
            drop_last=self._drop_last,
            num_workers=self._num_workers,
            persistent_workers=self._num_workers > 0,
            pin_memory=self._device.type == "cuda",
            generator=self._generator,
        )

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, on the device."""
        self._sampler.epoch = epoch
        self._generator.manual_seed(derive(self._seed, "loader", epoch))
        for batch in self._loader:
            yield to_device(batch, self._device)

    def rest(self) -> None:
        """Let the worker processes go; the next epoch starts new ones."""
        if self._num_workers:
            self._loader = self._build()


class GivenBatches:
    """The batches of a loader that was handed over: anything that can be iterated over again and
    again.

    A generator of its own is put back at the first epoch, so that each training sees the same
    order.
    """

    def __init__(self, loader: Iterable[Any], device: torch.device) -> None:
        self._loader = loader
        self._device = device
        torch_loader = loader if isinstance(loader, DataLoader) else None
        self.batch_size = (torch_loader.batch_size if torch_loader else None) or 1
        self._generator = torch_loader.generator if torch_loader else None
        self._state = self._generator.get_state() if self._generator else None
        self._sampler = torch_loader.sampler if torch_loader else None

    @property
    def samples(self) -> int:
        """About how many samples an epoch has; for the progress view."""
        return len(self) * self.batch_size

    def __len__(self) -> int:
        return len(self._loader) if isinstance(self._loader, Sized) else 0

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, on the device."""
        if epoch == 1 and self._generator is not None and self._state is not None:
            self._generator.set_state(self._state)
        if isinstance(self._sampler, DistributedSampler):
            self._sampler.set_epoch(epoch)
        for batch in self._loader:
            yield to_device(batch, self._device)

    def rest(self) -> None:
        """Nothing: the loader is the user's own."""
