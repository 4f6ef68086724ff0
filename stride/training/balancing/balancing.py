"""Balancing: what makes one loss of several, and remembers what it needs for that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from stride.training.precision import Precision
from stride.training.task import Task
from stride.training.update import Update
from stride.training.updater import Updater


@dataclass(frozen=True)
class StepParts:
    """What one step is made of.

    Attributes:
        count: micro-batches that a window is cut into.
        closure: whether the optimiser evaluates the loss by itself.
    """

    task: Task
    model: nn.Module
    updater: Updater
    precision: Precision
    count: int
    closure: bool


class Balancing(ABC):
    """One way to balance the named losses of a task."""

    @abstractmethod
    def update(self, parts: StepParts) -> Update:
        """The update that balances; what it remembers is kept here."""

    @abstractmethod
    def begin_epoch(self, epoch: int) -> None:
        """Called before the first step of each epoch, counted from 1."""

    @abstractmethod
    def read_weights(self) -> dict[str, list[float]]:
        """The weight of each loss in the steps since the last call: waits for the device."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds of it, at the edge of a step."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the state up."""
