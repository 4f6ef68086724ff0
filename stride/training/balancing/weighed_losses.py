"""Weighed losses: balancing by weights, whatever method they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stride.training.balancing.balancing import Balancing, StepParts
from stride.training.balancing.named_losses import NamedLosses
from stride.training.balancing.weighed_update import WeighedUpdate
from stride.training.balancing.weighing import Weighing
from stride.training.balancing.weight_log import WeightLog
from stride.training.update import Update


class WeighedLosses(Balancing):
    """Minimises the sum of the losses, each times its factor and the weight of the method."""

    def __init__(self, losses: NamedLosses, weighing: Weighing) -> None:
        self._losses = losses
        self._weighing = weighing
        self._log = WeightLog(losses.names)

    def update(self, parts: StepParts) -> Update:
        """An update of the weighted sum."""
        return WeighedUpdate(parts, self._losses, self._weighing, self._log)

    def begin_epoch(self, epoch: int) -> None:
        """Tell the method."""
        self._weighing.begin_epoch(epoch)

    def read_weights(self) -> dict[str, list[float]]:
        """Factor times weight, in each step since the last call."""
        return self._log.read()

    def state_dict(self) -> dict[str, Any]:
        """That of the method; the log was read before."""
        return self._weighing.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._weighing.load_state_dict(state)
