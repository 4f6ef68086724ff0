"""stride's Trainer with everything on: rows, monitors, weights, checkpoints, log, provenance."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.utils.data import TensorDataset

from benchmarks.contestants.figures import Figure, figure_of
from benchmarks.contestants.step_problem import (
    LEARNING_RATE,
    LOG_EVERY,
    VALIDATION_BATCH,
    Problem,
)
from benchmarks.line import Line, Rounds
from stride.training.output import Output
from stride.training.supervised import Supervised
from stride.training.trainer import Trainer


class TimedTask(Supervised):
    """The built-in task; a round is what lies between the starts of two epochs."""

    def __init__(self, line: Rounds, figure: Figure) -> None:
        super().__init__(target_kind="classes")
        self._line = line
        self._figure = figure
        self._began = False

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        if self._began:
            self._line.answer(self._figure.end())
        if not self._line.wait():
            raise KeyboardInterrupt
        self._began = True
        self._figure.begin()

    def evaluate(self, model: nn.Module, batch: Any) -> Output:
        self._figure.end_of_steps()
        return super().evaluate(model, batch)


def settings_of(problem: Problem) -> dict[str, Any]:
    """The config of a problem, but for what is handed over as objects."""
    return {
        "device": problem.device,
        "load_data_kwargs": {
            "train_loader_kwargs": {"batch_size": problem.batch_size},
            "val_loader_kwargs": {"batch_size": VALIDATION_BATCH},
        },
        "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": LEARNING_RATE},
        "fit_kwargs": {
            "max_epochs": 1000,
            "clip_norm": problem.clip_norm,
            "threads": 1,
            "precision": problem.precision,
            "compile": problem.compiled,
        },
        "log_kwargs": {"every": LOG_EVERY},
    }


def main() -> None:
    """One fit of more epochs than there are rounds; the frame ends it."""
    line = Line()
    problem = Problem.of(line.arguments)
    trainer = Trainer(
        work_dir=f"{line.arguments['folder']}/exp",
        model=problem.model(),
        task=TimedTask(line, figure_of(line.arguments)),
        datasets={
            "train": TensorDataset(*problem.training_data()),
            "val": TensorDataset(*problem.validation_data()),
        },
        **settings_of(problem),
    )
    trainer.fit()


if __name__ == "__main__":
    main()
