"""The evaluation of a model on one split: every sample once, weighted by valid items."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from stride.training.averages import WeightedMeans
from stride.training.batches.protocol import Batches
from stride.training.loss_reader import LossReader
from stride.training.metrics import Metric, read_metrics
from stride.training.output import Output, total_loss
from stride.training.precision import Precision
from stride.training.ranks.exchange import exchange
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.rounds import in_step
from stride.training.task import Task, modules_of

_READ_EVERY = 256
"""Batches between two readings: losses on the device must not pile up without bound."""


def evaluate(
    task: Task,
    model: nn.Module,
    batches: Batches,
    device: torch.device,
    *,
    between: Callable[[], None] = lambda: None,
    precision: Precision | None = None,
    factors: Mapping[str, float] | None = None,
    ranks: Ranks = ONE,
    together: bool = False,
) -> dict[str, float]:
    """The mean losses (`loss`, `loss_<name>`) and the metrics over all batches.

    Every sample counts once, and the numbers are the same bits on any number of ranks: batches are
    those that one process would form, dealt to the ranks whole; what each rank computed is told to
    all of them, and added up in the order of the batches.

    Modules are in evaluation mode meanwhile, and afterwards as they were, part by part.

    Args:
        between: called after each batch: a sign of life, a look at whether to stop.
        precision: what the forward passes compute in; fp32 unless given.
        factors: of the named losses in `loss`, 1 where there is none. They are those of the config
            and no others: a ruler that stays the same, however a training balances its losses.
        together: whether the model computes on all ranks at once or not at all, as a sharded one.
    """
    metrics = task.metrics()
    place_metrics(metrics.values(), device)
    losses, means = LossReader(), WeightedMeans()
    precision = precision or Precision("fp32", device)
    with evaluation_mode(model, task), torch.no_grad():
        given: Iterator[Any] = batches.epoch(1)
        rounds = in_step(given, ranks, device) if together else ((each, True) for each in given)
        for output, total in _told(
            _outputs(task, model, rounds, precision, factors), ranks, device
        ):
            losses.add(output, total)
            for metric in metrics.values():
                metric.update(*output.outputs)
            if len(losses) >= _READ_EVERY:
                losses.read_into(means)
            between()
    losses.read_into(means)
    return means.means() | read_metrics(metrics)


def _outputs(
    task: Task,
    model: nn.Module,
    rounds: Iterator[tuple[Any, bool]],
    precision: Precision,
    factors: Mapping[str, float] | None,
) -> Iterator[tuple[Output, Tensor] | None]:
    """What the task computes for each batch, and its total loss; None where it does not count."""
    for batch, counts in rounds:
        with precision.forward():
            output = task.evaluate(model, batch)
            total = total_loss(output.losses, factors)
        yield (output, total.detach()) if counts else None


def _told(
    own: Iterator[tuple[Output, Tensor] | None], ranks: Ranks, device: torch.device
) -> Iterator[tuple[Output, Tensor]]:
    """The outputs of all ranks, in the order of the batches, on every rank."""
    if ranks.world_size == 1:
        yield from filter(None, own)
        return
    while True:
        mine = next(own, None)
        of_ranks = exchange(ranks, None if mine is None else (tuple(mine[0]), mine[1]), device)
        for theirs in of_ranks:
            if theirs is not None:
                yield Output(*theirs[0]), theirs[1]
        if of_ranks[-1] is None:  # batches are dealt in turn: the last rank runs out first
            return


@contextlib.contextmanager
def evaluation_mode(model: nn.Module, task: Task) -> Iterator[None]:
    """Evaluation mode inside; afterwards each part is in the mode that it was in, frozen or not."""
    before = [
        (part, part.training) for module in modules_of(model, task) for part in module.modules()
    ]
    try:
        for module in modules_of(model, task):
            module.eval()
        yield
    finally:
        for part, training in before:
            part.training = training


def place_metrics(metrics: Iterable[Metric], device: torch.device) -> None:
    """Move metrics that are modules, as those of torchmetrics, to the device; the built-in ones
    follow their inputs.
    """
    for metric in metrics:
        if isinstance(metric, nn.Module):
            metric.to(device)
