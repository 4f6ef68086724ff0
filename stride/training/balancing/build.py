"""The balancing that a config asks for, checked against the parts that it has to do with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.optim import Optimizer

from stride.config.balancing_kwargs import BalancingKwargs
from stride.config.fit_kwargs import FitKwargs
from stride.config.nearest import nearest
from stride.errors import ConfigError
from stride.training.balancing.balancing import Balancing
from stride.training.balancing.dynamic_average import DynamicAverage
from stride.training.balancing.fixed import Fixed
from stride.training.balancing.gradnorm import GradNorm
from stride.training.balancing.named_losses import NamedLosses
from stride.training.balancing.pcgrad import PCGrad
from stride.training.balancing.uncertainty import Uncertainty
from stride.training.balancing.weighed_losses import WeighedLosses
from stride.training.closure import needs_closure
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.task import Task, modules_of

_KEY = "fit_kwargs.balancing"
_LR = 0.025
"""Learning rate of GradNorm's weights, unless given."""


def build_balancing(
    fit: FitKwargs,
    seed: int,
    task: Task,
    model: nn.Module,
    optimizers: Mapping[str, Optimizer],
    device: torch.device,
    *,
    handed_over: bool,
    ranks: Ranks = ONE,
) -> Balancing | None:
    """What the config asks for; None where losses are added up.

    Learned weights are given to the optimiser here, as a group of their own: schedules are built
    afterwards.

    Args:
        handed_over: whether the optimiser is the user's own object.

    Raises:
        ConfigError: it does not go with the task, the model, the optimiser or another setting.
    """
    chosen, method = fit.balancing, fit.balancing.method
    if method is None:
        if chosen.weights:
            raise ConfigError(
                f"{_KEY}.weights weigh nothing without a method: set {_KEY}.method=fixed"
            )
        return None
    names = _check_losses(chosen, task)
    (optimizer,) = optimizers.values()
    _check_together(fit, task, model, optimizer)
    losses = NamedLosses(names, chosen.weights, device)
    count = len(names)
    if method == "pcgrad":
        return PCGrad(losses, seed)
    if method == "gradnorm":
        shared = _shared(task, model)
        lr = chosen.lr or _LR
        return WeighedLosses(
            losses, GradNorm(names, shared, device, alpha=chosen.alpha, lr=lr, ranks=ranks)
        )
    if method == "dynamic_average":
        return WeighedLosses(losses, DynamicAverage(count, device, chosen.temperature, ranks))
    if method == "uncertainty":
        if handed_over:
            raise ConfigError(
                f"{_KEY}.method=uncertainty gives the optimizer parameters of its own, which one"
                " that is handed over cannot get: name it in optimizer_kwargs"
            )
        learned = Uncertainty(count, device)
        _learn(learned.log_variances, optimizer, chosen.lr)
        return WeighedLosses(losses, learned)
    return WeighedLosses(losses, Fixed(count, device))


def _check_losses(chosen: BalancingKwargs, task: Task) -> list[str]:
    """The names of the losses."""
    name, names = type(task).__name__, list(task.loss_names())
    if task.updates_itself:
        raise ConfigError(
            f"{_KEY}: {name} runs the update itself, and with it decides what is minimised: weigh"
            " the losses there"
        )
    if len(names) < 2:
        has = f"has only the loss {names[0]}" if names else "names no losses"
        raise ConfigError(
            f"{_KEY} needs a task of several losses, and {name} {has}: a task says the names of"
            " those that its step gives with its method `loss_names`"
        )
    if len(set(names)) < len(names):
        raise ConfigError(f"{name}.loss_names gives a name twice: {', '.join(names)}")
    for given, weight in chosen.weights.items():
        if given not in names:
            near = nearest(given, names)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"{_KEY}.weights: {name} has no loss {given!r}; {hint}")
        if weight == 0 and chosen.method in ("gradnorm", "uncertainty"):
            raise ConfigError(
                f"{_KEY}.weights.{given} must be more than 0: {chosen.method} would weigh it up"
                " without end"
            )
    return names


def _check_together(fit: FitKwargs, task: Task, model: nn.Module, optimizer: Optimizer) -> None:
    method = fit.balancing.method
    if method != "fixed" and needs_closure(optimizer):
        raise ConfigError(
            f"{_KEY}.method={method} does not go with {type(optimizer).__name__}, which evaluates"
            " the losses several times a step; choose another optimizer, such as AdamW, or"
            f" {_KEY}.method=fixed"
        )
    if method not in ("gradnorm", "pcgrad"):
        return
    if fit.precision == "fp16":
        raise ConfigError(
            f"{_KEY}.method={method} compares gradients, which fp16 scales: set"
            " fit_kwargs.precision=bf16 or fp32"
        )
    if fit.compile:
        raise ConfigError(
            f"{_KEY}.method={method} goes backward through the model several times, which compiled"
            " code cannot: set fit_kwargs.compile=false"
        )
    parts = [part for module in modules_of(model, task) for part in module.modules()]
    if any(isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.sparse for part in parts):
        raise ConfigError(
            f"{_KEY}.method={method} does not go with sparse gradients: build the embedding with"
            " sparse=False"
        )


def _shared(task: Task, model: nn.Module) -> list[nn.Parameter]:
    """The last shared layer of the losses."""
    shared = list(task.shared_parameters(model))
    if not shared:
        raise ConfigError(
            f"{_KEY}.method=gradnorm compares gradients at the last layer that all losses share:"
            f" {type(task).__name__} must say which by its method `shared_parameters`"
        )
    known = {id(each) for module in modules_of(model, task) for each in module.parameters()}
    if not all(id(each) in known for each in shared):
        raise ConfigError(
            f"{_KEY}: `shared_parameters` of {type(task).__name__} must give parameters of the"
            " model"
        )
    return shared


def _learn(parameter: nn.Parameter, optimizer: Optimizer, lr: float | None) -> None:
    """A group of its own, without decay: that would pull at the weights."""
    group: dict[str, object] = {"params": [parameter]}
    if lr is not None:
        group["lr"] = lr
    if "weight_decay" in optimizer.defaults:
        group["weight_decay"] = 0.0
    try:
        optimizer.add_param_group(group)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ConfigError(
            f"{_KEY}.method=uncertainty: {type(optimizer).__name__} does not take its parameters:"
            f" {error}"
        ) from error
