"""The state of modules in a checkpoint: all tensors, and which parts are trained, in which mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


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


def put_module_state(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Put it all back.

    Raises:
        RuntimeError: keys or shapes are not those of the module.
    """
    module.load_state_dict(state["tensors"])
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
