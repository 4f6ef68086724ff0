"""PyTorch Ignite: a supervised trainer and evaluator with metrics, rows and a checkpoint."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.handlers import Checkpoint, DiskSaver
from ignite.metrics import Accuracy, Average, Loss
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.step_problem import (
    LEARNING_RATE,
    LOG_EVERY,
    VALIDATION_BATCH,
    Problem,
)
from benchmarks.line import Line


def main() -> None:
    """One run of more epochs than there are rounds; a round lies between two epochs' starts."""
    line = Line()
    problem = Problem.of(line.arguments)
    folder = Path(line.arguments["folder"])
    model = problem.placed_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    criterion = nn.CrossEntropyLoss()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        criterion,
        device=problem.device,
        output_transform=lambda x, y, y_pred, loss: (y_pred, y, loss.detach()),
    )
    Accuracy(lambda output: output[:2]).attach(trainer, "accuracy")
    Average(lambda output: output[2]).attach(trainer, "loss")
    evaluator = create_supervised_evaluator(
        model, {"accuracy": Accuracy(), "loss": Loss(criterion)}, device=problem.device
    )
    training = DataLoader(TensorDataset(*problem.training_data()), problem.batch_size, shuffle=True)
    validation = DataLoader(TensorDataset(*problem.validation_data()), VALIDATION_BATCH)
    steps_file = (folder / "steps.csv").open("w")
    epochs_file = (folder / "metrics.csv").open("w")
    step_rows, epoch_rows = csv.writer(steps_file), csv.writer(epochs_file)
    started: float | None = None

    @trainer.on(Events.EPOCH_STARTED)
    def begin(engine: Engine) -> None:
        nonlocal started
        if started is not None:
            line.answer(time.perf_counter() - started)
        if not line.wait():
            raise SystemExit
        started = time.perf_counter()

    @trainer.on(Events.ITERATION_COMPLETED(every=LOG_EVERY))
    def log(engine: Engine) -> None:
        step_rows.writerow([engine.state.iteration, engine.state.output[2].item()])
        steps_file.flush()

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(engine: Engine) -> None:
        evaluator.run(validation)
        epoch_rows.writerow([*engine.state.metrics.values(), *evaluator.state.metrics.values()])
        epochs_file.flush()

    everything = {"model": model, "optimizer": optimizer, "trainer": trainer}
    saver = DiskSaver(str(folder / "checkpoints"), create_dir=True, require_empty=False)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, Checkpoint(everything, saver, n_saved=2))
    trainer.run(training, max_epochs=1_000)


if __name__ == "__main__":
    main()
