"""The optimisers of a config, fused where torch has that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

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
    """The optimiser of the task's parameter groups, and the arguments that were settled here:
    `fused` where the config leaves it open.

    Raises:
        ConfigError: there is nothing to train, or the optimiser refuses its arguments.
    """
    groups = list(task.parameter_groups(model))
    if not groups:
        raise ConfigError(f"{type(model).__name__} has no parameters: there is nothing to train")
    optimizers, settled = build_optimizers(reference, arguments, {"": groups}, model, task)
    return optimizers[""], settled


def build_optimizers(
    reference: Reference,
    arguments: Mapping[str, Any],
    groups: Mapping[str, Iterable[Any]],
    model: nn.Module,
    task: Task,
) -> tuple[dict[str, Optimizer], dict[str, Any]]:
    """An optimiser for each name, all of one kind, and the arguments that were settled here.

    Args:
        groups: for each name parameters, or groups of them with settings of their own.

    Raises:
        ConfigError: an optimiser has nothing to train, or refuses its arguments.
    """
    kept = {name: [_listed(group) for group in given] for name, given in groups.items()}
    for name, own in kept.items():
        if not own:
            raise ConfigError(f"{type(task).__name__} gives the optimizer {name!r} no parameters")
    if _may_be_fused(arguments, model, task):
        settled = {"fused": True}
        try:
            return _build_all(reference, kept, {**arguments, **settled}), settled
        except (RuntimeError, ConfigError):  # not for these parameters, or on this device
            pass
    return _build_all(reference, kept, arguments), {}


def _listed(group: Any) -> Any:
    """A group whose parameters can be gone through more than once."""
    if not isinstance(group, Mapping) or isinstance(group["params"], torch.Tensor):
        return group
    return {**group, "params": list(group["params"])}


def _build_all(
    reference: Reference, groups: Mapping[str, list[Any]], arguments: Mapping[str, Any]
) -> dict[str, Optimizer]:
    # Copies of the groups: an optimiser writes its defaults into those that it is given.
    return {
        name: _build(
            reference,
            [dict(group) if isinstance(group, Mapping) else group for group in own],
            arguments,
        )
        for name, own in groups.items()
    }


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


def trained_parameters(optimizer: Optimizer) -> list[torch.Tensor]:
    """All parameters that the optimiser was given."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
