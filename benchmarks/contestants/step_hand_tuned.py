"""The loop of someone who measured: batched indexing and fused AdamW; all else as in the plain.

Where there is a GPU, the data is on it.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from torch import nn

from benchmarks.contestants.step_problem import (
    LEARNING_RATE,
    LOG_EVERY,
    VALIDATION_BATCH,
    Problem,
)
from benchmarks.line import Line


def main() -> None:
    """A repeat is an epoch: steps, validation, a row, a checkpoint."""
    line = Line()
    problem = Problem.of(line.arguments)
    folder = Path(line.arguments["folder"])
    device = problem.device
    model = problem.placed_model()
    autocast = problem.autocast()
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, fused=True)
    all_inputs, all_targets = (part.to(device) for part in problem.training_data())
    validation_inputs, validation_targets = (part.to(device) for part in problem.validation_data())
    steps_file = (folder / "steps.csv").open("w")
    epochs_file = (folder / "metrics.csv").open("w")
    step_rows, epoch_rows = csv.writer(steps_file), csv.writer(epochs_file)

    def repeat() -> float:
        started = time.perf_counter()
        model.train()
        total_loss = torch.zeros((), device=device)
        recent_loss = torch.zeros((), device=device)
        total_correct = torch.zeros((), dtype=torch.int64, device=device)
        order = torch.randperm(len(all_targets), device=device).split(problem.batch_size)
        for step, indices in enumerate(order, start=1):
            inputs, targets = all_inputs[indices], all_targets[indices]
            optimizer.zero_grad()
            with autocast:
                outputs = model(inputs)
                loss = nn.functional.cross_entropy(outputs, targets)
            loss.backward()
            if problem.clip_norm is not None:
                nn.utils.clip_grad_norm_(parameters, problem.clip_norm)
            optimizer.step()
            recent_loss += loss.detach()
            total_correct += (outputs.argmax(dim=1) == targets).sum()
            if step % LOG_EVERY == 0:
                step_rows.writerow([step, recent_loss.item() / LOG_EVERY])
                steps_file.flush()
                total_loss += recent_loss
                recent_loss.zero_()
        total_loss += recent_loss

        model.eval()
        validation_loss = torch.zeros((), device=device)
        validation_correct = torch.zeros((), dtype=torch.int64, device=device)
        with torch.no_grad(), autocast:
            for start in range(0, len(validation_targets), VALIDATION_BATCH):
                targets = validation_targets[start : start + VALIDATION_BATCH]
                outputs = model(validation_inputs[start : start + VALIDATION_BATCH])
                validation_loss += nn.functional.cross_entropy(outputs, targets) * len(targets)
                validation_correct += (outputs.argmax(dim=1) == targets).sum()
        epoch_rows.writerow(
            [
                total_loss.item(),
                total_correct.item(),
                validation_loss.item(),
                validation_correct.item(),
            ]
        )
        epochs_file.flush()
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, folder / "checkpoint.pt")
        return time.perf_counter() - started

    line.serve(repeat)


if __name__ == "__main__":
    main()
