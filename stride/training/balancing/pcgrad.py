"""PCGrad: Yu, Kumar, Gupta, Levine, Hausman, Finn, "Gradient surgery for multi-task learning"
(NeurIPS 2020).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from stride.training.balancing.balancing import Balancing, StepParts
from stride.training.balancing.named_losses import NamedLosses
from stride.training.balancing.pcgrad_update import PCGradUpdate
from stride.training.balancing.projection import projection
from stride.training.balancing.weight_log import WeightLog
from stride.training.seeding import derive
from stride.training.update import Update


class PCGrad(Balancing):
    """Gradients of the losses that conflict are projected before they are added up.

    The order in which a gradient meets the others is a function of seed and step, and nothing else.
    """

    def __init__(self, losses: NamedLosses, seed: int) -> None:
        self._losses = losses
        self._seed = seed
        self._step = 0
        self._log = WeightLog(losses.names)

    def update(self, parts: StepParts) -> Update:
        """An update with a gradient for each loss."""
        return PCGradUpdate(parts, self._losses, self._weigh, self._end_window)

    def _weigh(self, products: Tensor) -> Tensor:
        """How much of each gradient the step takes; see `projection`."""
        return projection(products, meeting_orders(self._seed, self._step + 1, len(products)))

    def _end_window(self, weights: Tensor, updated: bool) -> None:
        """A step was done."""
        self._step += 1
        if updated:
            self._log.add(weights.to(self._losses.factors.dtype) * self._losses.factors)

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes."""

    def read_weights(self) -> dict[str, list[float]]:
        """Factor times what was left of each gradient, in each step since the last call."""
        return self._log.read()

    def state_dict(self) -> dict[str, Any]:
        """How many steps there were."""
        return {"step": self._step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._step = state["step"]


def meeting_orders(seed: int, step: int, count: int) -> list[list[int]]:
    """For each of the gradients, in which order it meets the others in a step."""
    drawing = random.Random(derive(seed, "pcgrad", step))
    orders = []
    for own in range(count):
        others = [other for other in range(count) if other != own]
        drawing.shuffle(others)
        orders.append(others)
    return orders
