"""The batches of a loader that was handed over: anything that can be iterated over again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import torch
from torch.utils.data import DataLoader, DistributedSampler

from stride.errors import ConfigError
from stride.training.device import to_device


class GivenBatches:
    """The batches of a loader that was handed over: anything that can be iterated over again and
    again.

    A generator of its own is put back at the first epoch, so that each training sees the same
    order.
    """

    resuming = "by skipping"

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
        return (batch for (batch,) in self.windows(epoch))

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        """The windows of an epoch from `start` on; what comes before is read and dropped."""
        if parts > 1:
            raise ConfigError(
                "a loader that is handed over gives whole batches: fit_kwargs.accumulate needs a"
                " data set instead, which is handed over as datasets={'train': ...}"
            )
        if epoch == 1 and self._generator is not None and self._state is not None:
            self._generator.set_state(self._state)
        if isinstance(self._sampler, DistributedSampler):
            self._sampler.set_epoch(epoch)
        for position, batch in enumerate(self._loader):
            if position >= start:
                yield (to_device(batch, self._device),)

    def indices(self, epoch: int, window: int) -> None:
        """Not known."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing yet."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing yet."""

    def rest(self) -> None:
        """Nothing: the loader is the user's own."""
