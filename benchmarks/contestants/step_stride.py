"""stride's Trainer with everything on: rows, monitors, weights, log, provenance, signs of life."""

from __future__ import annotations

import time

from torch import nn
from torch.utils.data import TensorDataset

from benchmarks.contestants.step_problem import LEARNING_RATE, LOG_EVERY, Problem
from benchmarks.line import Line
from stride.training.supervised import Supervised
from stride.training.trainer import Trainer


class Rounds(Supervised):
    """The built-in task; a round is what lies between the starts of two epochs."""

    def __init__(self, line: Line) -> None:
        super().__init__(target_kind="classes")
        self._line = line
        self._started: float | None = None

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        if self._started is not None:
            self._line.answer(time.perf_counter() - self._started)
        if not self._line.wait():
            raise KeyboardInterrupt
        self._started = time.perf_counter()


def main() -> None:
    """One fit of more epochs than there are rounds; the frame ends it."""
    line = Line()
    problem = Problem.of(line.arguments)
    loader = {"batch_size": problem.batch_size}
    trainer = Trainer(
        work_dir=f"{line.arguments['folder']}/exp",
        device="cpu",
        model=problem.model(),
        task=Rounds(line),
        datasets={
            "train": TensorDataset(*problem.training_data()),
            "val": TensorDataset(*problem.validation_data()),
        },
        load_data_kwargs={"train_loader_kwargs": loader, "val_loader_kwargs": loader},
        optimizer_kwargs={"optimizer_name": "AdamW", "lr": LEARNING_RATE},
        fit_kwargs={"max_epochs": 1000, "clip_norm": problem.clip_norm, "threads": 1},
        log_kwargs={"every": LOG_EVERY},
    )
    trainer.fit()


if __name__ == "__main__":
    main()
