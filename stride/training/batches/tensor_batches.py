"""The batches of data that is held as tensors: cut out by index, a whole batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from stride.training.batches.order import Order
from stride.training.device import to_device

_SHARE_OF_MEMORY = 4
"""Data goes to the accelerator whole where it takes less than one part in so many of the free
memory.
"""


class TensorBatches:
    """Batches of one split; no DataLoader, no collating, no worker.

    Args:
        tensors: each (samples, ...).
        order: of the samples.
        device: where the batches are given.
    """

    resuming = "by position"

    def __init__(self, tensors: tuple[Tensor, ...], order: Order, *, device: torch.device) -> None:
        self._order = order
        self._device = device
        if _fits(tensors, device):
            tensors = tuple(tensor.to(device) for tensor in tensors)
        self._tensors = tensors

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

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, ...]]:
        """The batches of an epoch, counted from 1; each a copy, which a model may change."""
        return (batch for (batch,) in self.windows(epoch))

    def windows(
        self, epoch: int, *, start: int = 0, parts: int = 1
    ) -> Iterator[tuple[tuple[Tensor, ...], ...]]:
        """The windows of an epoch from `start` on; each batch a copy, which a model may change."""
        tensors, order, device = self._tensors, self._order, self._device
        home = tensors[0].device
        for window in order.windows(epoch, start, home):
            cut = (window,) if parts == 1 else order.cut(window, parts)
            batches = tuple(
                tuple([tensor.index_select(0, indices) for tensor in tensors]) for indices in cut
            )
            yield batches if home == device else to_device(batches, device)

    def indices(self, epoch: int, window: int) -> list[int]:
        """The samples of a window."""
        return self._order.indices(epoch, window)

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the position says it all."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing."""

    def rest(self) -> None:
        """Nothing: there are no workers."""


def _fits(tensors: tuple[Tensor, ...], device: torch.device) -> bool:
    if device.type != "cuda":
        return device.type == "cpu"
    free, _ = torch.cuda.mem_get_info(device)
    return sum(tensor.nbytes for tensor in tensors) < free // _SHARE_OF_MEMORY
