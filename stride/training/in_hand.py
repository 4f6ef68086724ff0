"""The model in hand: that of the run which was fitted or loaded last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from stride.config.schema import Config
from stride.store.run import Run
from stride.training.fitting import Fitted
from stride.training.loading import Loaded
from stride.training.task import Task


@dataclass(frozen=True)
class InHand:
    """A run with its model, and what was recorded of the data it was trained on."""

    run: Run
    config: Config
    model: nn.Module
    task: Task
    device: torch.device
    facts: Mapping[str, Any]

    @staticmethod
    def of_fitted(fitted: Fitted, config: Config) -> InHand:
        """After a training."""
        return InHand(
            fitted.run, config, fitted.model, fitted.task, fitted.device, fitted.data.facts
        )

    @staticmethod
    def of_loaded(loaded: Loaded) -> InHand:
        """After a run was loaded."""
        return InHand(
            loaded.run,
            loaded.config,
            loaded.model,
            loaded.task,
            loaded.device,
            loaded.record.resolved,
        )
