"""The loop that people write: DataLoader, TensorDataset, AdamW, a CSV file, `torch.save`."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants.step_problem import LEARNING_RATE, LOG_EVERY, Problem
from benchmarks.line import Line


def main() -> None:
    """A repeat is an epoch: steps, validation, a row, a checkpoint."""
    line = Line()
    problem = Problem.of(line.arguments)
    folder = Path(line.arguments["folder"])
    model = problem.model()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    training = DataLoader(TensorDataset(*problem.training_data()), problem.batch_size, shuffle=True)
    validation = DataLoader(TensorDataset(*problem.validation_data()), problem.batch_size)
    steps_file = (folder / "steps.csv").open("w")
    epochs_file = (folder / "metrics.csv").open("w")
    step_rows, epoch_rows = csv.writer(steps_file), csv.writer(epochs_file)

    def repeat() -> float:
        started = time.perf_counter()
        model.train()
        total_loss = torch.zeros(())
        recent_loss = torch.zeros(())
        total_correct = torch.zeros((), dtype=torch.int64)
        for step, (inputs, targets) in enumerate(training, start=1):
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            if problem.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), problem.clip_norm)
            optimizer.step()
            total_loss += loss.detach()
            recent_loss += loss.detach()
            total_correct += (outputs.argmax(dim=1) == targets).sum()
            if step % LOG_EVERY == 0:
                step_rows.writerow([step, recent_loss.item() / LOG_EVERY])
                steps_file.flush()
                recent_loss.zero_()

        model.eval()
        validation_loss, validation_correct = 0.0, 0
        with torch.no_grad():
            for inputs, targets in validation:
                outputs = model(inputs)
                validation_loss += criterion(outputs, targets).item() * len(targets)
                validation_correct += int((outputs.argmax(dim=1) == targets).sum())
        epoch_rows.writerow(
            [total_loss.item(), total_correct.item(), validation_loss, validation_correct]
        )
        epochs_file.flush()
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, folder / "checkpoint.pt")
        return time.perf_counter() - started

    line.serve(repeat)


if __name__ == "__main__":
    main()
