"""The order of an epoch: a function of (seed, epoch), not of what was drawn before."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import Sampler

from stride.training.seeding import derive


def epoch_order(samples: int, seed: int, epoch: int) -> Tensor:
    """A permutation of the samples, (samples,) of int64, drawn from a generator of its own."""
    generator = torch.Generator().manual_seed(derive(seed, "order", epoch))
    return torch.randperm(samples, generator=generator)


class EpochSampler(Sampler[int]):
    """The order of one epoch, for torch's DataLoader; `epoch` is set before each pass."""

    def __init__(self, samples: int, seed: int, *, shuffle: bool) -> None:
        self.epoch = 1
        self._samples = samples
        self._seed = seed
        self._shuffle = shuffle

    def __len__(self) -> int:
        return self._samples

    def __iter__(self) -> Iterator[int]:
        if not self._shuffle:
            return iter(range(self._samples))
        order: list[int] = epoch_order(self._samples, self._seed, self.epoch).tolist()
        return iter(order)
