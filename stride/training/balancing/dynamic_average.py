"""Dynamic weight average: Liu, Johns, Davison, "End-to-end multi-task learning with attention"
(CVPR 2019), section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stride.training.balancing.weighing import Weighing
from stride.training.balancing.window_means import WindowMeans
from stride.training.ranks.ranks import ONE, Ranks


def average_weights(last: Tensor, before: Tensor, temperature: float) -> Tensor:
    """Their equation 7: K softmax(r / T) with r_k = L_k(t-1) / L_k(t-2), the mean losses of the
    last two epochs, (losses,). A loss that falls more slowly gets more weight; they sum to K.
    """
    ratios = torch.nan_to_num(last / before, nan=1.0)
    return len(ratios) * torch.softmax(ratios / temperature, 0)


class DynamicAverage(Weighing):
    """Weights that change between epochs; all are one in the first two."""

    def __init__(
        self, count: int, device: torch.device, temperature: float, ranks: Ranks = ONE
    ) -> None:
        self._temperature = temperature
        self._weights = torch.ones(count, device=device)
        self._window = WindowMeans(ranks)
        # In float64, so that the mean of a long epoch is one; mps has none.
        self._type = torch.float32 if device.type == "mps" else torch.float64
        self._sums = torch.zeros(count, device=device, dtype=self._type)
        self._items = torch.zeros((), device=device, dtype=self._type)
        self._steps = 0
        self._before: Tensor | None = None

    def weights(self) -> Tensor:
        """Those of this epoch."""
        return self._weights

    def begin_window(self) -> None:
        """Forget what was gathered."""
        self._window.clear()

    def total(self, losses: Sequence[Tensor], items: Tensor | float) -> Tensor:
        """The weighted sum."""
        stacked = torch.stack(list(losses))
        self._window.add([stacked.detach()], items)
        return (self._weights * stacked).sum()

    def end_window(self) -> None:
        """Add its losses to those of the epoch, unless one is not finite."""
        (losses,), items = self._window.take()
        finite = losses.isfinite().all()
        self._sums += torch.where(finite, losses.to(self._type) * items, 0.0)
        self._items += torch.where(finite, items, 0.0)
        self._steps += 1

    def begin_epoch(self, epoch: int) -> None:
        """The weights of the epoch, from the means of the two before."""
        if not self._steps:  # the first, or one that begins again
            return
        last = self._sums / self._items
        if self._before is not None:
            weights = average_weights(last, self._before, self._temperature)
            self._weights = weights.to(self._weights.dtype)
        self._before = last
        self._sums = torch.zeros_like(self._sums)
        self._items = torch.zeros_like(self._items)
        self._steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Weights, the sums of this epoch, the means of the one before."""
        return {
            "weights": self._weights,
            "sums": self._sums,
            "items": self._items,
            "steps": self._steps,
            "before": self._before,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        device = self._weights.device
        self._weights = state["weights"].to(device, copy=True)
        self._sums = state["sums"].to(device, copy=True)
        self._items = state["items"].to(device, copy=True)
        self._steps = state["steps"]
        before = state["before"]
        self._before = None if before is None else before.to(device, copy=True)
