"""Models and tasks as their users write them: what the killed trainings of these tests train."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from stride.training.metrics import Metric
from stride.training.output import Output
from stride.training.task import Task


class Net(nn.Module):
    """Dropout, which draws at each step, and batch norm, which remembers what it saw."""

    def __init__(self, dropout: float = 0.2, batch_norm: bool = True, hidden: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(8, hidden),
            nn.BatchNorm1d(hidden) if batch_norm else nn.Identity(),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 3),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        scores: Tensor = self.layers(inputs)
        return scores


class Pair(nn.Module):
    """A generator of rows, and one that tells them from real ones."""

    def __init__(self, hidden: int = 16) -> None:
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 8))
        self.discriminator = nn.Sequential(
            nn.Linear(8, hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, 1)
        )

    def forward(self, noise: Tensor) -> Tensor:
        made: Tensor = self.generator(noise)
        return made


class Adversarial(Task):
    """Two optimisers, one for each half of a `Pair`."""

    def optimizers(self, model: nn.Module) -> Mapping[str, Iterable[nn.Parameter]]:
        assert isinstance(model, Pair)
        return {
            "discriminator": model.discriminator.parameters(),
            "generator": model.generator.parameters(),
        }

    def update(self, model: nn.Module, batch: Any, optimizers: Mapping[str, Any]) -> Output:
        assert isinstance(model, Pair)
        real, _ = batch
        made = model(torch.randn(len(real), 4))
        told = _told(model, real, made.detach())
        optimizers["discriminator"].minimize(told)
        fooled = functional.softplus(-model.discriminator(made)).mean()
        optimizers["generator"].minimize(fooled)
        return Output({"told": told.detach(), "fooled": fooled.detach()}, len(real))

    def step(self, model: nn.Module, batch: Any) -> Output:
        real, _ = batch
        assert isinstance(model, Pair)
        noise = torch.linspace(-1, 1, 4 * len(real)).reshape(-1, 4)
        return Output({"told": _told(model, real, model(noise))}, len(real))


def _told(model: Pair, real: Tensor, made: Tensor) -> Tensor:
    real_scores, made_scores = model.discriminator(real), model.discriminator(made)
    return (functional.softplus(-real_scores) + functional.softplus(made_scores)).mean()


class Spread:
    """A metric of the user's own, with a state that is not stride's to know."""

    def __init__(self) -> None:
        self.largest = torch.zeros(())
        self.batches = 0
        self.seen: list[int] = []

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        self.largest = torch.maximum(self.largest, predictions.detach().float().abs().max())
        self.batches += 1
        self.seen.append(len(targets))

    def compute(self) -> float:
        return float(self.largest) * self.batches / max(sum(self.seen), 1)

    def reset(self) -> None:
        self.largest = torch.zeros(())
        self.batches = 0
        self.seen = []


class Nothing(Spread):
    """A metric that has no value."""

    def compute(self) -> float:
        return math.nan


class Margin(Task, nn.Module):
    """A task with a parameter, a buffer that follows the data, a frozen part that it unfreezes at
    the second epoch, and a metric of its own.
    """

    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("centres", torch.zeros(3, 3))
        self.strength = 0.0

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        assert isinstance(model, Net)
        self.strength = 0.1 * epoch
        for parameter in model.layers[0].parameters():
            parameter.requires_grad = epoch >= 2

    def step(self, model: nn.Module, batch: Any) -> Output:
        inputs, targets = batch
        predictions = model(inputs) * self.scale
        if self.training:
            with torch.no_grad():
                self.centres[targets] = 0.9 * self.centres[targets] + 0.1 * predictions.float()
        apart = self.strength * (predictions - self.centres[targets]).square().mean()
        losses = {"class": functional.cross_entropy(predictions, targets), "apart": apart}
        return Output(losses, len(targets), (predictions, targets))

    def metrics(self) -> Mapping[str, Metric]:
        return {"spread": Spread(), "nothing": Nothing()}
