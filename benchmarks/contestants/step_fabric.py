"""Lightning Fabric: the plain loop with model, optimiser and loaders set up by Fabric."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.plain_loop import PlainLoop
from benchmarks.contestants.step_problem import LEARNING_RATE, VALIDATION_BATCH, Problem
from benchmarks.line import Line


def main() -> None:
    """A repeat is an epoch: steps, validation, a row, a checkpoint."""
    line = Line()
    # Fabric casts by itself, so the loop must not
    problem = Problem.of({**line.arguments, "precision": "fp32"})
    folder = Path(line.arguments["folder"])
    fabric = Fabric(
        accelerator=problem.device,
        devices=1,
        precision="bf16-mixed" if line.arguments.get("precision") == "bf16" else "32-true",
    )
    fabric.launch()
    plain_model = problem.model()
    model, optimizer = fabric.setup(
        plain_model, torch.optim.AdamW(plain_model.parameters(), lr=LEARNING_RATE)
    )
    training, validation = fabric.setup_dataloaders(
        DataLoader(TensorDataset(*problem.training_data()), problem.batch_size, shuffle=True),
        DataLoader(TensorDataset(*problem.validation_data()), VALIDATION_BATCH),
    )

    def clip() -> None:
        fabric.clip_gradients(model, optimizer, max_norm=problem.clip_norm)

    loop = PlainLoop(
        problem,
        model,
        optimizer,
        training,
        validation,
        backward=fabric.backward,
        clip=None if problem.clip_norm is None else clip,
        save=lambda: fabric.save(
            folder / "checkpoint.ckpt", {"model": model, "optimizer": optimizer}
        ),
        folder=folder,
    )

    def repeat() -> float:
        started = time.perf_counter()
        loop.epoch()
        return time.perf_counter() - started

    line.serve(repeat)


if __name__ == "__main__":
    main()
