"""The share of one rank in the batches of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """What one of several processes is given.

    In training each window is cut into contiguous chunks whose sizes differ by one at most, the
    larger ones first. In an evaluation whole batches are dealt, as one process would form them.

    Attributes:
        rank: of this process, from 0.
        world_size: how many there are.
        dealt: whole batches, the rank-th of each `world_size`.
    """

    rank: int = 0
    world_size: int = 1
    dealt: bool = False

    def of(self, windows: Sequence[Tensor]) -> Sequence[Tensor]:
        """The windows of this process; in training there are as many as before, each smaller."""
        if self.world_size == 1:
            return windows
        if self.dealt:
            return windows[self.rank :: self.world_size]
        return [torch.tensor_split(window, self.world_size)[self.rank] for window in windows]

    def size(self, batch_size: int) -> int:
        """The most samples of a window that this process is given."""
        return batch_size if self.dealt else -(-batch_size // self.world_size)


ALL = Share()
"""That of a process that trains alone."""
