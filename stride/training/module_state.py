"""The state of modules in a checkpoint: all tensors, and which parts are trained, in which mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


def read_module_state(module: nn.Module) -> dict[str, Any]:
    """Parameters, all buffers, extra state, and the two flags that a task may have changed."""
    tensors = dict(module.state_dict())
    passing = {
        name: buffer
        for name, buffer in module.named_buffers(remove_duplicate=False)
        if name not in tensors  # not persistent: in no weights file, and yet changed as it trains
    }
    return {
        "tensors": tensors,
        "passing": passing,
        "trained": {name: each.requires_grad for name, each in module.named_parameters()},
        "training": {name: part.training for name, part in module.named_modules()},
    }


def misfit(module: nn.Module, state: Mapping[str, Any]) -> str | None:
    """The first of the module's tensors, or of the state's, that the other does not have as it is;
    None where all fit.
    """
    own, stored = module.state_dict(), state["tensors"]
    for key, value in own.items():
        if key not in stored:
            return f"it has no {key}"
        shapes = [tuple(each.shape) for each in (stored[key], value) if isinstance(each, Tensor)]
        if len(set(shapes)) > 1:
            return f"{key} has shape {shapes[0]} in it and {shapes[1]} here"
    more = next((key for key in stored if key not in own), None)
    return None if more is None else f"it has {more}, which there is no place for here"


def put_module_state(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Put it all back.

    Raises:
        RuntimeError: keys or shapes are not those of the module.
    """
    try:
        module.load_state_dict(state["tensors"])
    except RuntimeError as error:  # names every key there is; one tells what happened
        raise RuntimeError(misfit(module, state) or str(error)) from error
    buffers = dict(module.named_buffers(remove_duplicate=False))
    with torch.no_grad():
        for name, value in state["passing"].items():
            if name in buffers and buffers[name].shape == value.shape:
                buffers[name].copy_(value)
            else:
                owner, _, attribute = name.rpartition(".")
                device = next(module.parameters(), value).device
                module.get_submodule(owner).register_buffer(
                    attribute, value.to(device), persistent=False
                )
    for name, parameter in module.named_parameters():
        parameter.requires_grad = state["trained"].get(name, parameter.requires_grad)
    for name, part in module.named_modules():
        part.training = state["training"].get(name, part.training)
