"""The loop that people write for several ranks: DistributedSampler, DistributedDataParallel, AdamW.

With `tuned` that of someone who measured: batched indexing and fused AdamW.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from benchmarks.contestants.rank_pair import RANKS, RankPair
from benchmarks.contestants.step_problem import (
    LEARNING_RATE,
    LOG_EVERY,
    VALIDATION_BATCH,
    Problem,
)

Epoch = Callable[[int], Iterable[Any]]


def loaded(problem: Problem) -> Epoch:
    """The batches of this rank in an epoch, by torch's own loader and sampler."""
    data = TensorDataset(*problem.training_data())
    sampler: DistributedSampler[Any] = DistributedSampler(data)
    loader: Any = DataLoader(data, problem.batch_size // RANKS, sampler=sampler)

    def epoch(number: int) -> Iterable[Any]:
        sampler.set_epoch(number)
        return loader

    return epoch


def indexed(problem: Problem, rank: int) -> Epoch:
    """The batches of this rank in an epoch, cut out a whole batch at a time."""
    inputs, targets = problem.training_data()

    def epoch(number: int) -> Iterable[Any]:
        generator = torch.Generator().manual_seed(number)
        order = torch.randperm(len(targets), generator=generator)[rank::RANKS]
        for indices in order.split(problem.batch_size // RANKS):
            yield inputs[indices], targets[indices]

    return epoch


def main() -> None:
    """A repeat is an epoch: steps, validation, rows and a checkpoint of rank 0."""
    pair = RankPair()
    problem = Problem.of(pair.arguments)
    tuned = bool(pair.arguments["tuned"])
    dist.init_process_group("gloo")
    model = DistributedDataParallel(problem.model())
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, fused=tuned or None)
    training = indexed(problem, pair.rank) if tuned else loaded(problem)
    validation = [part.split(VALIDATION_BATCH) for part in problem.validation_data()]
    shares = list(zip(*validation, strict=True))[pair.rank :: RANKS]
    criterion = nn.CrossEntropyLoss()
    folder = Path(pair.arguments["folder"]) / f"rank{pair.rank}"
    folder.mkdir()
    steps_file = (folder / "steps.csv").open("w")
    epochs_file = (folder / "metrics.csv").open("w")
    step_rows, epoch_rows = csv.writer(steps_file), csv.writer(epochs_file)

    def summed(*values: Tensor) -> list[float]:
        """Over both ranks."""
        together = torch.stack([value.to(torch.float64) for value in values])
        dist.all_reduce(together)
        return list(together.tolist())

    def repeat(number: int) -> None:
        model.train()
        total_loss, recent_loss = torch.zeros(()), torch.zeros(())
        total_correct = torch.zeros((), dtype=torch.int64)
        for step, (inputs, targets) in enumerate(training(number), start=1):
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            if problem.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), problem.clip_norm)
            optimizer.step()
            recent_loss += loss.detach()
            total_correct += (outputs.argmax(dim=1) == targets).sum()
            if step % LOG_EVERY == 0:
                (mean,) = summed(recent_loss / (LOG_EVERY * RANKS))
                total_loss += recent_loss
                recent_loss.zero_()
                if pair.rank == 0:
                    step_rows.writerow([step, mean])
                    steps_file.flush()
        total_loss += recent_loss
        model.eval()
        losses, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        with torch.no_grad():
            for inputs, targets in shares:
                outputs = model.module(inputs)
                losses += criterion(outputs, targets) * len(targets)
                correct += (outputs.argmax(dim=1) == targets).sum()
        row = summed(total_loss, total_correct, losses, correct)
        if pair.rank == 0:
            epoch_rows.writerow(row)
            epochs_file.flush()
            state = {"model": model.module.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state, folder / "checkpoint.pt")

    number = 0
    while pair.wait():
        number += 1
        started = time.perf_counter()
        repeat(number)
        pair.answer(time.perf_counter() - started)
    dist.destroy_process_group()
    pair.close()


if __name__ == "__main__":
    main()
