"""The loop that people write: DataLoader, TensorDataset, AdamW, a CSV file, `torch.save`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.figures import figure_of
from benchmarks.contestants.plain_loop import PlainLoop
from benchmarks.contestants.step_problem import LEARNING_RATE, VALIDATION_BATCH, Problem
from benchmarks.line import Line


class Moved:
    """The batches of a loader, each moved to the device."""

    def __init__(self, loader: Iterable[Any], device: str) -> None:
        self._loader = loader
        self._device = device

    def __iter__(self) -> Iterator[list[Tensor]]:
        for batch in self._loader:
            yield [part.to(self._device, non_blocking=True) for part in batch]


def main() -> None:
    """A repeat is an epoch: steps, validation, a row, a checkpoint."""
    line = Line()
    problem = Problem.of(line.arguments)
    figure = figure_of(line.arguments)
    folder = Path(line.arguments["folder"])
    model = problem.placed_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    training: Any = DataLoader(
        TensorDataset(*problem.training_data()),
        problem.batch_size,
        shuffle=True,
        pin_memory=problem.device == "cuda",
    )
    validation: Any = DataLoader(TensorDataset(*problem.validation_data()), VALIDATION_BATCH)
    if problem.device != "cpu":
        training, validation = Moved(training, problem.device), Moved(validation, problem.device)

    def clip() -> None:
        assert problem.clip_norm is not None
        nn.utils.clip_grad_norm_(model.parameters(), problem.clip_norm)

    def save() -> None:
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, folder / "checkpoint.pt")

    loop = PlainLoop(
        problem,
        model,
        optimizer,
        training,
        validation,
        backward=Tensor.backward,
        clip=None if problem.clip_norm is None else clip,
        save=save,
        folder=folder,
    )

    def repeat() -> float:
        figure.begin()
        loss, correct = loop.train()
        figure.end_of_steps()
        loop.finish(loss, correct)
        return figure.end()

    line.serve(repeat)


if __name__ == "__main__":
    main()
