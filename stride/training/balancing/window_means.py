"""The means of a window: over the items of all its micro-batches, on all ranks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from stride.training.output import without_nothing
from stride.training.ranks.ranks import ONE, Ranks


class WindowMeans:
    """Adds up tensors that are means over some items, such as losses and their gradients.

    With n_i items and the mean x_i in micro-batch i the mean of the window is
    sum(n_i x_i) / sum(n_i), over the micro-batches of all ranks.
    """

    def __init__(self, ranks: Ranks = ONE) -> None:
        self._ranks = ranks
        self._sums: list[Tensor] = []
        self._items: Tensor | float = 0.0

    def clear(self) -> None:
        """Begin a window."""
        self._sums = []
        self._items = 0.0

    def add(self, means: Sequence[Tensor], items: Tensor | float) -> None:
        """Take in a micro-batch: the same tensors in the same order each time, detached."""
        weighted = torch._foreach_mul([without_nothing(mean, items) for mean in means], items)
        if self._sums:
            torch._foreach_add_(self._sums, weighted)
        else:
            self._sums = list(weighted)
        self._items = self._items + items

    def take(self) -> tuple[list[Tensor], Tensor]:
        """The means and the items of the window, which is over with that."""
        first = self._sums[0]
        items = torch.as_tensor(self._items, device=first.device).to(
            torch.promote_types(first.dtype, torch.float32)
        )
        sums, items = self._sums, items.clone()
        self._ranks.sum_tensors([*sums, items])
        self.clear()
        torch._foreach_div_(sums, items)
        return sums, items
