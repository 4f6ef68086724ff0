"""What sharding does not go together with: said before a run is claimed."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn
from torch.optim import Optimizer

from stride.config.fit_kwargs import FitKwargs
from stride.errors import ConfigError
from stride.training.closure import needs_closure
from stride.training.sharding.local import is_sharded

_BY_NUMBER = frozenset(
    {
        *("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam"),
        *("RMSprop", "SGD"),
    }
)
"""Optimisers of torch that treat each number of a parameter by itself, so that a part of one can be
updated alone.
"""

_FUSED = frozenset({"Adam", "AdamW"})
"""Those whose fused way torch has for sharded parameters, too."""


def check_sharding(
    fit: FitKwargs,
    optimizers: Collection[Optimizer],
    *,
    updates_itself: bool,
    balancing: bool,
) -> None:
    """Whether the parts of a training can be sharded.

    Args:
        updates_itself: whether the task runs its update.
        balancing: whether several losses are balanced by their gradients.

    Raises:
        ConfigError: one cannot.
    """
    instead = "use distributed_kwargs.strategy=replicate"
    if fit.precision == "fp16":
        raise ConfigError(
            f"fit_kwargs.precision=fp16 cannot be sharded, as its scaler looks at whole gradients;"
            f" use bf16, or {instead.removeprefix('use ')}"
        )
    if fit.compile:
        raise ConfigError(f"fit_kwargs.compile cannot be sharded; switch it off, or {instead}")
    if balancing:
        raise ConfigError(
            "losses that are balanced by their gradients cannot be sharded, as a rank has only a"
            f" part of each gradient; {instead}"
        )
    if updates_itself:
        raise ConfigError(
            "a task that runs its update itself cannot be sharded, as it may call parts of the"
            f" model, which are gathered only when the whole is called; {instead}"
        )
    for optimizer in optimizers:
        kind = type(optimizer)
        if needs_closure(optimizer):
            raise ConfigError(
                f"{kind.__name__}, which evaluates the loss by itself, cannot be sharded; {instead}"
            )
        of_torch = f"{kind.__module__}.".startswith("torch.optim.")
        if of_torch and kind.__name__ not in _BY_NUMBER:
            raise ConfigError(
                f"{kind.__name__} cannot be sharded, as it looks at whole parameters; {instead}"
            )


def slow_ways(name: str | None, *, mixed: bool) -> tuple[str, ...]:
    """Which of an optimiser's flags for faster ways to compute must be off for sharded parameters.

    Args:
        name: of the optimiser.
        mixed: see `is_mixed`.
    """
    if mixed:
        return ("foreach", "fused")
    return () if name in _FUSED else ("fused",)


def is_mixed(modules: Collection[nn.Module]) -> bool:
    """Whether some parameters are sharded and others, of a dimension or more, are not: an optimiser
    of both must go through them one by one (`foreach=False`, `fused=False`).
    """
    kinds = {
        is_sharded(parameter)
        for module in modules
        for parameter in module.parameters()
        if parameter.dim()
    }
    return len(kinds) > 1
