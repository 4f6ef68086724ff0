"""The model in hand: that of the run which was fitted or loaded last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from stride.config.schema import Config
from stride.errors import DataError
from stride.store.run import Run
from stride.training.data import load_split
from stride.training.evaluation import evaluate
from stride.training.fitting import Fitted
from stride.training.given import Given
from stride.training.loading import Loaded
from stride.training.prediction import predict
from stride.training.seeding import own_randomness
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

    def evaluate(self, given: Given, split: str) -> dict[str, float]:
        """Losses and metrics on a split, named `<split>_*`; every sample counts once.

        Args:
            given: data sets and loaders that were handed over.

        Raises:
            DataError: there is no such split, or it cannot be read.
        """
        with own_randomness(self.config.seed):
            _, batches = load_split(self.config, given, split, self.device)
            if batches is None:
                raise DataError(f"there is no {split} split")
            factors = self.config.fit_kwargs.balancing.weights
            values = evaluate(self.task, self.model, batches, self.device, factors=factors)
        return {f"{split}_{name}": value for name, value in values.items()}

    def predict(self, inputs: Any, *, batch_size: int | None = None) -> Any:
        """What the task predicts for inputs `(samples, *input_shape)`, on the CPU.

        Raises:
            DataError: the inputs do not have the shape that the model was trained on.
        """
        size = batch_size or self.config.load_data_kwargs.test_loader_kwargs.batch_size
        with own_randomness(self.config.seed):
            return predict(
                self.task, self.model, inputs, device=self.device, batch_size=size, facts=self.facts
            )
