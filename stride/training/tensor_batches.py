"""The batches of data that is held as tensors: cut out by index, a whole batch at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from stride.training.device import to_device
from stride.training.order import epoch_order

_SHARE_OF_MEMORY = 4
"""Data goes to the accelerator whole where it takes less than one part in so many of the free
memory.
"""


class TensorBatches:
    """Batches of one split; no DataLoader, no collating, no worker.

    Args:
        tensors: each (samples, ...).
        batch_size: samples in a batch; the last one may be shorter, unless `drop_last`.
        shuffle: whether the order is that of (seed, epoch), else that of the data.
        device: where the batches are given.
    """

    def __init__(
        self,
        tensors: tuple[Tensor, ...],
        *,
        batch_size: int,
        shuffle: bool,
        drop_last: bool,
        seed: int,
        device: torch.device,
    ) -> None:
        self.samples = len(tensors[0])
        self.batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._device = device
        self._kept = self.samples - self.samples % batch_size if drop_last else self.samples
        self._tensors = to_device(tensors, device) if _fits(tensors, device) else tensors

    def __len__(self) -> int:
        return -(-self._kept // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, ...]]:
        """The batches of an epoch, counted from 1; each a copy, which a model may change."""
        tensors, size = self._tensors, self.batch_size
        home = tensors[0].device
        if self._shuffle:
            order = epoch_order(self.samples, self._seed, epoch)
        else:
            order = torch.arange(self.samples)
        for indices in torch.split(order[: self._kept].to(home), size):
            batch = tuple(tensor.index_select(0, indices) for tensor in tensors)
            yield batch if home == self._device else to_device(batch, self._device)

    def rest(self) -> None:
        """Nothing: there are no workers."""


def _fits(tensors: tuple[Tensor, ...], device: torch.device) -> bool:
    if device.type != "cuda":
        return device.type == "cpu"
    free, _ = torch.cuda.mem_get_info(device)
    return sum(tensor.nbytes for tensor in tensors) < free // _SHARE_OF_MEMORY
