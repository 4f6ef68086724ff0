"""The parts of a training: all that it is made of, built and on its device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from stride.config.fit_kwargs import FitKwargs
from stride.config.log_kwargs import LogKwargs
from stride.training.batches.protocol import Batches
from stride.training.monitors import Monitor
from stride.training.schedule import Schedule
from stride.training.task import Task


@dataclass(frozen=True)
class Parts:
    """What `fit` is given. The model and the task carry the weights that are trained."""

    device: torch.device
    train: Batches
    val: Batches | None
    test: Batches | None
    model: nn.Module
    task: Task
    optimizer: Optimizer
    schedule: Schedule
    monitors: tuple[Monitor, ...]
    fit_kwargs: FitKwargs
    log_kwargs: LogKwargs

    @property
    def planned_steps(self) -> int:
        """Optimiser steps of the whole training."""
        steps = self.fit_kwargs.max_epochs * len(self.train)
        return steps if self.fit_kwargs.max_steps is None else min(steps, self.fit_kwargs.max_steps)
