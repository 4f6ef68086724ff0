"""Accelerate: the plain loop with model, optimiser and loaders prepared by an Accelerator."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.plain_loop import PlainLoop
from benchmarks.contestants.step_problem import LEARNING_RATE, VALIDATION_BATCH, Problem
from benchmarks.line import Line


def main() -> None:
    """A repeat is an epoch: steps, validation, a row, `save_state`."""
    line = Line()
    # the Accelerator casts by itself, so the loop must not
    problem = Problem.of({**line.arguments, "precision": "fp32"})
    folder = Path(line.arguments["folder"])
    accelerator = Accelerator(
        cpu=problem.device == "cpu",
        mixed_precision="bf16" if line.arguments.get("precision") == "bf16" else "no",
    )
    plain_model = problem.model()
    model, optimizer, training, validation = accelerator.prepare(
        plain_model,
        torch.optim.AdamW(plain_model.parameters(), lr=LEARNING_RATE),
        DataLoader(TensorDataset(*problem.training_data()), problem.batch_size, shuffle=True),
        DataLoader(TensorDataset(*problem.validation_data()), VALIDATION_BATCH),
    )

    def clip() -> None:
        accelerator.clip_grad_norm_(model.parameters(), problem.clip_norm)

    loop = PlainLoop(
        problem,
        model,
        optimizer,
        training,
        validation,
        backward=accelerator.backward,
        clip=None if problem.clip_norm is None else clip,
        save=lambda: accelerator.save_state(str(folder / "checkpoint")),
        folder=folder,
    )

    def repeat() -> float:
        started = time.perf_counter()
        loop.epoch()
        return time.perf_counter() - started

    line.serve(repeat)


if __name__ == "__main__":
    main()
