"""Lightning with its defaults: progress bar, CSV logger, a checkpoint an epoch, `self.log`."""

from __future__ import annotations

import time
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.step_problem import LEARNING_RATE, VALIDATION_BATCH, Problem
from benchmarks.line import Line


class Module(lightning.LightningModule):
    """The model, the loss and the accuracy."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.model = problem.model()
        self.criterion = nn.CrossEntropyLoss()

    def training_step(self, batch: Any, batch_index: int) -> Tensor:
        return self._measure(batch, "train")

    def validation_step(self, batch: Any, batch_index: int) -> None:
        self._measure(batch, "val")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=LEARNING_RATE)

    def _measure(self, batch: Any, split: str) -> Tensor:
        inputs, targets = batch
        outputs = self.model(inputs)
        loss: Tensor = self.criterion(outputs, targets)
        accuracy = (outputs.argmax(dim=1) == targets).float().mean()
        self.log_dict({f"{split}_loss": loss, f"{split}_accuracy": accuracy}, prog_bar=True)
        return loss


class Rounds(lightning.Callback):
    """A round is what lies between the starts of two epochs."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._started: float | None = None

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if self._started is not None:
            self._line.answer(time.perf_counter() - self._started)
        if not self._line.wait():
            raise SystemExit
        self._started = time.perf_counter()


def main() -> None:
    """One fit without end; the frame ends it."""
    line = Line()
    problem = Problem.of(line.arguments)
    trainer = lightning.Trainer(
        max_epochs=-1,
        accelerator=problem.device,
        devices=1,
        precision="bf16-mixed" if problem.precision == "bf16" else "32-true",
        default_root_dir=line.arguments["folder"],
        gradient_clip_val=problem.clip_norm,
        callbacks=[Rounds(line)],
    )
    trainer.fit(
        Module(problem),
        DataLoader(TensorDataset(*problem.training_data()), problem.batch_size, shuffle=True),
        DataLoader(TensorDataset(*problem.validation_data()), VALIDATION_BATCH),
    )


if __name__ == "__main__":
    main()
