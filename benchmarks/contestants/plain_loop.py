"""The loop that people write, and that Fabric and Accelerate leave to their users to write."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.contestants.step_problem import LOG_EVERY, Problem

Batches = Iterable[Any]


class PlainLoop:
    """Loss and accuracy, a row every 50 steps, validation, a row an epoch, a checkpoint.

    Args:
        training, validation: pairs of inputs and classes, on the device.
        backward: computes the gradients of a loss.
        clip: bounds the gradients; None does not.
        save: writes the checkpoint.
        folder: of the two tables.
    """

    def __init__(
        self,
        problem: Problem,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        training: Batches,
        validation: Batches,
        *,
        backward: Callable[[Tensor], object],
        clip: Callable[[], object] | None,
        save: Callable[[], object],
        folder: Path,
    ) -> None:
        self._problem = problem
        self._model = model
        self._optimizer = optimizer
        self._training = training
        self._validation = validation
        self._backward = backward
        self._clip = clip
        self._save = save
        self._criterion = nn.CrossEntropyLoss()
        self._steps_file = (folder / "steps.csv").open("w")
        self._epochs_file = (folder / "metrics.csv").open("w")
        self._step_rows = csv.writer(self._steps_file)
        self._epoch_rows = csv.writer(self._epochs_file)

    def epoch(self) -> None:
        """Everything that is timed."""
        loss, correct = self.train()
        self.finish(loss, correct)

    def close(self) -> None:
        """Close the two tables."""
        self._steps_file.close()
        self._epochs_file.close()

    def train(self) -> tuple[float, int]:
        """The steps: the sums of their losses and of their right answers."""
        model, optimizer, criterion = self._model, self._optimizer, self._criterion
        backward, clip, device = self._backward, self._clip, self._problem.device
        autocast = self._problem.autocast()
        model.train()
        total_loss = torch.zeros((), device=device)
        recent_loss = torch.zeros((), device=device)
        total_correct = torch.zeros((), dtype=torch.int64, device=device)
        for step, (inputs, targets) in enumerate(self._training, start=1):
            optimizer.zero_grad()
            with autocast:
                outputs = model(inputs)
                loss = criterion(outputs, targets)
            backward(loss)
            if clip is not None:
                clip()
            optimizer.step()
            total_loss += loss.detach()
            recent_loss += loss.detach()
            total_correct += (outputs.argmax(dim=1) == targets).sum()
            if step % LOG_EVERY == 0:
                self._step_rows.writerow([step, recent_loss.item() / LOG_EVERY])
                self._steps_file.flush()
                recent_loss.zero_()
        return total_loss.item(), int(total_correct.item())

    def finish(self, loss: float, correct: int) -> None:
        """Validation, the row of the epoch, the checkpoint."""
        self._model.eval()
        validation_loss, validation_correct = 0.0, 0
        with torch.no_grad(), self._problem.autocast():
            for inputs, targets in self._validation:
                outputs = self._model(inputs)
                validation_loss += self._criterion(outputs, targets).item() * len(targets)
                validation_correct += int((outputs.argmax(dim=1) == targets).sum())
        self._epoch_rows.writerow([loss, correct, validation_loss, validation_correct])
        self._epochs_file.flush()
        self._save()
