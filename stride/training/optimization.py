"""The optimiser of a config, fused where torch has it, and its schedule."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from stride.errors import ConfigError
from stride.training.references import Reference
from stride.training.task import Task, modules_of

_FUSED_ON = ("cpu", "cuda", "mps", "xpu")


def build_optimizer(
    reference: Reference,
    arguments: Mapping[str, Any],
    model: nn.Module,
    task: Task,
) -> tuple[Optimizer, dict[str, Any]]:
    """The optimiser, and the arguments that were settled here: `fused` where the config leaves it
    open.

    Raises:
        ConfigError: there is nothing to train, or the optimiser refuses its arguments.
    """
    groups = list(task.parameter_groups(model))
    if not groups:
        raise ConfigError(f"{type(model).__name__} has no parameters: there is nothing to train")
    settled: dict[str, Any] = {}
    if _may_be_fused(arguments, model, task):
        settled["fused"] = True
        try:
            return _build(reference, groups, {**arguments, **settled}), settled
        except (RuntimeError, ConfigError):  # not for these parameters, or on this device
            settled["fused"] = None
    optimizer = _build(reference, groups, arguments)
    _check_closure(optimizer)
    return optimizer, {name: value for name, value in settled.items() if value is not None}


def _build(reference: Reference, groups: Iterable[Any], arguments: Mapping[str, Any]) -> Optimizer:
    try:
        optimizer: Optimizer = reference.build(groups, **arguments)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"optimizer_kwargs: {reference.name} refuses its arguments: {error}"
        ) from error
    return optimizer


def _may_be_fused(arguments: Mapping[str, Any], model: nn.Module, task: Task) -> bool:
    """Whether the optimiser has the choice and nobody made it, and the gradients will be dense
    numbers.
    """
    if "fused" not in arguments or arguments["fused"] is not None:
        return False
    if arguments.get("foreach") or arguments.get("differentiable"):
        return False
    for module in modules_of(model, task):
        for part in module.modules():
            if isinstance(part, (nn.Embedding, nn.EmbeddingBag)) and part.sparse:
                return False
        for parameter in module.parameters():
            if parameter.device.type not in _FUSED_ON or not parameter.is_floating_point():
                return False
    return True


def _check_closure(optimizer: Optimizer) -> None:
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ConfigError(
            f"optimizer_kwargs: {type(optimizer).__name__} evaluates the loss several times a step,"
            " which this loop does not do; choose another, such as AdamW"
        )


def build_scheduler(
    reference: Reference,
    arguments: Mapping[str, Any],
    optimizer: Optimizer,
    *,
    horizon: int,
) -> tuple[LRScheduler, dict[str, Any]]:
    """The scheduler, and the arguments that were settled here: how many times it will step.

    Args:
        horizon: epochs or steps of the training, whichever the scheduler counts.

    Raises:
        ConfigError: the scheduler refuses its arguments.
    """
    settled = {
        name: horizon
        for name in ("T_max", "total_steps")
        if name in arguments and arguments[name] is None and not arguments.get("epochs")
    }
    try:
        return reference.build(optimizer, **{**arguments, **settled}), settled
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"scheduler_kwargs: {reference.name} refuses its arguments: {error}"
        ) from error


def trained_parameters(optimizer: Optimizer) -> list[torch.Tensor]:
    """All parameters that the optimiser was given."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
