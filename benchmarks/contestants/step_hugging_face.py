"""The Trainer of transformers: its own optimiser (fused AdamW), rows, evaluation, checkpoints."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainingArguments

from benchmarks.contestants.step_problem import (
    LEARNING_RATE,
    LOG_EVERY,
    VALIDATION_BATCH,
    Problem,
)
from benchmarks.line import Line


class Records(Dataset[dict[str, Tensor]]):
    """Samples as it wants them: by name."""

    def __init__(self, inputs: Tensor, labels: Tensor) -> None:
        self._inputs = inputs
        self._labels = labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"inputs": self._inputs[index], "labels": self._labels[index]}


class WithLoss(nn.Module):
    """A model as it wants them: names in, loss and logits out; the right answers are counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.model = problem.model()
        self.criterion = nn.CrossEntropyLoss()
        self.correct = torch.zeros((), dtype=torch.int64, device=problem.device)

    def forward(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        outputs = self.model(inputs)
        if self.training:
            self.correct += (outputs.argmax(dim=1) == labels).sum()
        return {"loss": self.criterion(outputs, labels), "logits": outputs}


class Rounds(TrainerCallback):
    """A round is what lies between the starts of two epochs."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._started: float | None = None

    def on_epoch_begin(self, *_: Any, model: WithLoss, **__: Any) -> None:
        model.correct.zero_()
        if self._started is not None:
            self._line.answer(time.perf_counter() - self._started)
        if not self._line.wait():
            raise SystemExit
        self._started = time.perf_counter()


def accuracy(prediction: EvalPrediction) -> dict[str, float]:
    """Of the validation."""
    right = prediction.predictions.argmax(axis=1) == prediction.label_ids
    return {"accuracy": float(right.mean())}


def main() -> None:
    """One training of more epochs than there are rounds; the frame ends it."""
    line = Line()
    problem = Problem.of(line.arguments)
    settings = TrainingArguments(
        output_dir=line.arguments["folder"],
        num_train_epochs=1_000,
        per_device_train_batch_size=problem.batch_size,
        per_device_eval_batch_size=VALIDATION_BATCH,
        learning_rate=LEARNING_RATE,
        weight_decay=0.01,  # that of AdamW in torch
        lr_scheduler_type="constant",
        max_grad_norm=problem.clip_norm or 0.0,
        logging_steps=LOG_EVERY,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        report_to="none",
        use_cpu=problem.device == "cpu",
        bf16=problem.precision == "bf16",
        torch_compile=problem.compiled,
    )
    trainer = Trainer(
        WithLoss(problem),
        settings,
        train_dataset=Records(*problem.training_data()),
        eval_dataset=Records(*problem.validation_data()),
        compute_metrics=accuracy,
        callbacks=[Rounds(line)],
    )
    trainer.train()


if __name__ == "__main__":
    main()
