"""The order of an epoch: a function of (seed, epoch), not of what was drawn before."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from stride.training.seeding import derive


def epoch_order(samples: int, seed: int, epoch: int) -> Tensor:
    """A permutation of the samples, (samples,) of int64, drawn from a generator of its own."""
    generator = torch.Generator().manual_seed(derive(seed, "order", epoch))
    return torch.randperm(samples, generator=generator)


class Order:
    """Which samples make up each window of an epoch.

    Args:
        samples: in the data set.
        batch_size: samples of a window; the last may have fewer, unless `drop_last`.
        shuffle: whether the order is that of (seed, epoch), else that of the data.

    Attributes:
        samples: in an epoch, those of a window that is left out included.
    """

    def __init__(
        self, samples: int, batch_size: int, *, shuffle: bool, drop_last: bool, seed: int
    ) -> None:
        self.samples = samples
        self.batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._kept = samples - samples % batch_size if drop_last else samples

    def __len__(self) -> int:
        return -(-self._kept // self.batch_size)

    def windows(self, epoch: int, start: int, device: torch.device) -> Sequence[Tensor]:
        """The indices of each window from `start` on, (samples of the window,) of int64."""
        if self._shuffle:
            order = epoch_order(self.samples, self._seed, epoch)
        else:
            order = torch.arange(self.samples)
        kept = order[start * self.batch_size : self._kept].to(device)
        return torch.split(kept, self.batch_size) if len(kept) else ()

    def indices(self, epoch: int, window: int) -> list[int]:
        """The samples of one window."""
        found: list[int] = self.windows(epoch, window, torch.device("cpu"))[0].tolist()
        return found

    def cut(self, window: Tensor, parts: int) -> Sequence[Tensor]:
        """The indices of each micro-batch of a window."""
        return torch.split(window, -(-self.batch_size // parts))
