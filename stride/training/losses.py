"""Losses by name: functions of outputs and targets, as modules where they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from stride.errors import ConfigError, StrideError
from stride.training.references import load_thing


def build_loss(
    name: str, arguments: Mapping[str, Any], *, code: Path | None = None
) -> Callable[..., Any]:
    """The loss of a name: a module of torch or the user's own, or a function of outputs and
    targets.

    Raises:
        ConfigError: it refuses its arguments.
        CodeReferenceError: the name does not resolve to a loss.
    """
    reference = load_thing("loss", name, code=code)
    try:
        loss: Callable[..., Any] = reference.build(**_with_tensors(reference.thing, arguments))
    except (StrideError, MemoryError):
        raise
    except Exception as error:
        raise ConfigError(
            f"task_kwargs.loss_kwargs: {name} refuses its arguments: {error}"
        ) from error
    return loss


def _with_tensors(thing: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with lists of numbers as tensors where the loss wants a tensor: weights of
    classes.
    """
    wanted = inspect.signature(thing).parameters
    return {
        name: torch.tensor(value)
        if isinstance(value, list) and name in wanted and "Tensor" in str(wanted[name].annotation)
        else value
        for name, value in arguments.items()
    }
