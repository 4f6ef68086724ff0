"""Weighing: one method to give losses weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor


class Weighing(ABC):
    """Gives each loss a weight; the weighted sum is minimised.

    Weights are of shape (losses,) and on the device; nothing here waits for it.
    """

    @abstractmethod
    def weights(self) -> Tensor:
        """The weights of the step to come, detached; never changed in place afterwards."""

    @abstractmethod
    def begin_window(self) -> None:
        """Forget what came of a window that was not finished."""

    @abstractmethod
    def total(self, losses: Sequence[Tensor], items: Tensor | float) -> Tensor:
        """The scalar that is minimised, of the losses of one micro-batch.

        Args:
            losses: scalars, with gradients.
            items: how many items they are a mean over.
        """

    @abstractmethod
    def end_window(self) -> None:
        """The update of the window was made."""

    @abstractmethod
    def begin_epoch(self, epoch: int) -> None:
        """Called before the first step of each epoch, counted from 1."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What must be there to go on exactly, at the edge of a step."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the state up."""
