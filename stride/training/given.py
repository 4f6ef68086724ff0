"""Python objects that were handed over in place of names, and the state that they were in."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset

from stride.errors import ConfigError
from stride.training.datasets.splits import SPLITS
from stride.training.task import Task
from stride.training.things import OBJECT


@dataclass(frozen=True)
class Given:
    """What `Trainer(...)` was handed over.

    Attributes:
        datasets: by split.
        loaders: by split: anything that gives batches each time it is iterated over.

    Raises:
        ConfigError: an optimiser of parameters that are not known here, a scheduler of another
            optimiser, a split that there is not.
    """

    model: nn.Module | None = None
    task: Task | None = None
    datasets: Mapping[str, Dataset[Any]] = field(default_factory=dict)
    loaders: Mapping[str, Iterable[Any]] = field(default_factory=dict)
    optimizer: Optimizer | None = None
    scheduler: LRScheduler | None = None
    _pristine: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.optimizer is not None and self.model is None:
            raise ConfigError("an optimizer that is handed over needs its model handed over too")
        if self.scheduler is not None and self.scheduler.optimizer is not self.optimizer:
            raise ConfigError(
                "a scheduler that is handed over needs its own optimizer handed over too"
            )
        for split in (*self.datasets, *self.loaders):
            if split not in SPLITS:
                raise ConfigError(
                    f"there is no split {split!r}: the splits are {', '.join(SPLITS)}"
                )
        self._pristine.update(_states(self))

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
        pristine = self._pristine
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


def take_objects(groups: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the groups of a config from objects that stand in the place of a `*_name`; None is no
    group.

    A class or function is no object in this sense: it is named by its module, and built anew.

    Raises:
        ConfigError: a class or function of the script that runs, which no later process could find.
    """
    plain: dict[str, Any] = {}
    objects: dict[str, Any] = {}
    for key, group in groups.items():
        if group is None:
            continue
        kind = key.removesuffix("_kwargs")
        name = group.get(f"{kind}_name") if isinstance(group, Mapping) else None
        if name is None or isinstance(name, str):
            plain[key] = group
        elif isinstance(name, type | FunctionType):
            plain[key] = {**group, f"{kind}_name": _reference_to(name)}
        else:
            objects[kind] = name
            plain[key] = {name: value for name, value in group.items() if name != f"{kind}_name"}
    return plain, objects


def _reference_to(thing: type | FunctionType) -> str:
    if thing.__module__ == "__main__" or "." in thing.__qualname__:
        raise ConfigError(
            f"{thing.__qualname__} is defined where no later process finds it; put it into a"
            " module, or hand over what it builds"
        )
    return f"{thing.__module__}:{thing.__qualname__}"


def name_of(thing: object) -> str:
    """How a config names an object: it can tell what it was, and not build it."""
    kind = type(thing)
    return f"{OBJECT}{kind.__module__}.{kind.__qualname__}"


def _states(given: Given) -> dict[str, Any]:
    states: dict[str, Any] = {}
    if given.model is not None:
        _check_sizes(given.model)
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


def _check_sizes(module: nn.Module) -> None:
    """Refuse lazy layers that have not seen a batch: there is no state to come back to.

    Raises:
        ConfigError: it has some.
    """
    if any(is_lazy(parameter) for parameter in module.parameters()):
        raise ConfigError(
            f"{type(module).__name__} is handed over with lazy layers, which have no weights yet:"
            " call it once with a batch, or name its class in model_kwargs.model_name"
        )


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
