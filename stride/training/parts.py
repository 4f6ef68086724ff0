"""The parts of a training: all that it is made of, built and on its device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.config.fit_kwargs import FitKwargs
from stride.config.log_kwargs import LogKwargs
from stride.training.balancing.balancing import Balancing
from stride.training.batches.protocol import Batches
from stride.training.early_stopping import EarlyStopping
from stride.training.exponential_average import ExponentialAverage
from stride.training.monitors import Monitor
from stride.training.precision import Precision
from stride.training.ranks.ranks import Ranks
from stride.training.schedule import Schedule
from stride.training.sharding.sharding import Sharding
from stride.training.task import Task, modules_of


@dataclass(frozen=True)
class Parts:
    """What `fit` is given. The model and the task carry the weights that are trained.

    Attributes:
        seed: of the config; evaluations draw from generators of their own, seeded by it.
        ranks: that train together; this process is one of them.
        optimizers: by name; one without a name, unless the task names several.
        closure: whether the optimiser evaluates the loss by itself.
        may_split: whether a batch may be cut into smaller micro-batches.
        balancing: what makes one loss of several; None: they are added up.
        sharding: how the model is spread over the ranks; None: each holds all of it.
    """

    seed: int
    ranks: Ranks
    device: torch.device
    train: Batches
    val: Batches | None
    test: Batches | None
    model: nn.Module
    task: Task
    optimizers: Mapping[str, Optimizer]
    closure: bool
    may_split: bool
    schedule: Schedule
    precision: Precision
    scaler: GradScaler | None
    average: ExponentialAverage | None
    balancing: Balancing | None
    early_stopping: EarlyStopping
    monitors: tuple[Monitor, ...]
    fit_kwargs: FitKwargs
    checkpoint_kwargs: CheckpointKwargs
    log_kwargs: LogKwargs
    sharding: Sharding | None = None

    @property
    def optimizer(self) -> Optimizer:
        """The first, whose learning rate is logged."""
        return next(iter(self.optimizers.values()))

    def rate(self) -> float | Tensor:
        """The learning rate of the first group, now."""
        rate: float | Tensor = self.optimizer.param_groups[0]["lr"]
        return rate.clone() if isinstance(rate, Tensor) else rate  # a scheduler changes it in place

    def all_parameters(self) -> list[Tensor]:
        """All that may gather gradients: what is trained, and what no optimiser was given."""
        trained = [
            parameter
            for optimizer in self.optimizers.values()
            for group in optimizer.param_groups
            for parameter in group["params"]
        ]
        modules = modules_of(self.model, self.task)
        of_modules = [parameter for module in modules for parameter in module.parameters()]
        return list({id(each): each for each in [*trained, *of_modules]}.values())

    @property
    def planned_steps(self) -> int | None:
        """Optimiser steps of the whole training; None where only the data knows."""
        return planned_steps(self.fit_kwargs, self.train)


def share_weights(model: nn.Module, task: Task, ranks: Ranks) -> None:
    """Give every rank the weights of the first: whatever code does, all begin alike."""
    ranks.broadcast_tensors(
        [tensor for each in modules_of(model, task) for tensor in each.state_dict().values()]
    )


def planned_steps(fit: FitKwargs, train: Batches) -> int | None:
    """Optimiser steps of a whole training; None where only the data knows."""
    steps = fit.max_epochs * len(train) or None
    if steps is None or fit.max_steps is None:
        return steps if fit.max_steps is None else fit.max_steps
    return min(steps, fit.max_steps)
