"""The update of weighed losses: one backward pass of their weighted sum."""

from __future__ import annotations

import torch
from torch import Tensor

from stride.training.balancing.balancing import StepParts
from stride.training.balancing.named_losses import NamedLosses
from stride.training.balancing.weighing import Weighing
from stride.training.balancing.weight_log import WeightLog
from stride.training.output import Output, items_of
from stride.training.update import (
    AccumulatedUpdate,
    ClosureUpdate,
    Done,
    Update,
    WholeUpdate,
    Window,
)


class WeighedUpdate(Update):
    """The update that there would be without balancing, of another sum."""

    def __init__(
        self, parts: StepParts, losses: NamedLosses, weighing: Weighing, log: WeightLog
    ) -> None:
        self._losses = losses
        self._weighing = weighing
        self._log = log
        made = (parts.task, parts.model, parts.updater, parts.precision, self._total)
        self._inner: Update
        if parts.closure:
            self._inner = ClosureUpdate(AccumulatedUpdate(*made), parts.updater)
        else:
            whole = parts.count == 1 and parts.updater.ranks.world_size == 1
            self._inner = WholeUpdate(*made) if whole else AccumulatedUpdate(*made)

    def run(self, window: Window) -> Done:
        """Weights, losses, one update; then the method has a look at what came of it."""
        self._weighing.begin_window()
        weights = self._weighing.weights()
        done = self._inner.run(window)
        if done.updated:
            self._log.add(weights * self._losses.factors)
            self._weighing.end_window()
        return done

    def _total(self, output: Output) -> Tensor:
        items = items_of(output.weight)
        if isinstance(items, Tensor):  # a count of valid items is a whole number
            items = items.to(torch.float32)
        # In fp32 also where the forward pass is not: gradients may be taken in here.
        with torch.autocast(self._losses.factors.device.type, enabled=False):
            return self._weighing.total(self._losses.scaled(output.losses), items)
