"""Python objects that were handed over in place of names, and the state in which they were."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset

from stride.errors import ConfigError
from stride.training.task import Task
from stride.training.things import OBJECT


@dataclass(frozen=True)
class Given:
    """What `Trainer(...)` was handed over.

    Attributes:
        datasets: by split; a single data set is that of train.
        loaders: by split: anything that gives batches each time it is iterated over.
    """

    model: nn.Module | None = None
    task: Task | None = None
    datasets: Mapping[str, Dataset[Any]] = field(default_factory=dict)
    loaders: Mapping[str, Iterable[Any]] = field(default_factory=dict)
    optimizer: Optimizer | None = None
    scheduler: LRScheduler | None = None

    def __post_init__(self) -> None:
        """What only goes together.

        Raises:
            ConfigError: an optimiser of parameters that are not known here, a scheduler of another
                optimiser.
        """
        if self.optimizer is not None and self.model is None:
            raise ConfigError("an optimizer that is handed over needs its model handed over too")
        if self.scheduler is not None and self.scheduler.optimizer is not self.optimizer:
            raise ConfigError(
                "a scheduler that is handed over needs its own optimizer handed over too"
            )
        object.__setattr__(self, "_pristine", _states(self))

    def names(self) -> dict[str, dict[str, str]]:
        """For the config: each object's group with the name `object:<module>.<class>`."""
        data = next(iter([*self.datasets.values(), *self.loaders.values()]), None)
        objects = {
            "model": self.model,
            "task": self.task,
            "dataset": data,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
        }
        return {
            f"{kind}_kwargs": {f"{kind}_name": name_of(thing)}
            for kind, thing in objects.items()
            if thing is not None
        }

    def put_back(self) -> None:
        """Bring every object into the state in which it was handed over."""
        pristine: Mapping[str, Any] = vars(self)["_pristine"]
        if self.model is not None:
            _put_back_module(self.model, pristine["model"])
        if isinstance(self.task, nn.Module):
            _put_back_module(self.task, pristine["task"])
        elif self.task is not None:
            vars(self.task).clear()
            vars(self.task).update(copy.deepcopy(pristine["task"]))
        if self.optimizer is not None:
            self.optimizer.load_state_dict(copy.deepcopy(pristine["optimizer"]))
        if self.scheduler is not None:
            self.scheduler.load_state_dict(copy.deepcopy(pristine["scheduler"]))


def name_of(thing: object) -> str:
    """How a config names an object: it can tell what it was, and not build it."""
    kind = type(thing)
    return f"{OBJECT}{kind.__module__}.{kind.__qualname__}"


def _states(given: Given) -> dict[str, Any]:
    states: dict[str, Any] = {}
    if given.model is not None:
        states["model"] = _state_of_module(given.model)
    if isinstance(given.task, nn.Module):
        states["task"] = _state_of_module(given.task)
    elif given.task is not None:
        states["task"] = copy.deepcopy(vars(given.task))
    if given.optimizer is not None:
        states["optimizer"] = copy.deepcopy(given.optimizer.state_dict())
    if given.scheduler is not None:
        states["scheduler"] = copy.deepcopy(given.scheduler.state_dict())
    return states


def _state_of_module(module: nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors, and for each part its mode, for each parameter whether it is trained."""
    flags: dict[str, Any] = {f"mode:{name}": part.training for name, part in module.named_modules()}
    flags |= {f"trained:{name}": p.requires_grad for name, p in module.named_parameters()}
    return {name: value.detach().clone() for name, value in module.state_dict().items()}, flags


def _put_back_module(module: nn.Module, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    tensors, flags = state
    with torch.no_grad():
        module.load_state_dict(tensors)
    for name, part in module.named_modules():
        part.training = flags[f"mode:{name}"]
    for name, parameter in module.named_parameters():
        parameter.requires_grad = flags[f"trained:{name}"]
        parameter.grad = None
