"""Activation checkpointing: a module forgets what it computed, and computes it again."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute_activations(module: nn.Module) -> None:
    """Have the module keep its inputs only, and compute again in the backward pass what that needs;
    with the same dropout, as randomness is put back for it.

    The module stays what it is, with the same keys in its state.
    """
    forward = module.forward

    def forgetting(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*args, **kwargs)
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)

    # An attribute of the module: hooks of sharding stay outside of what is computed twice.
    module.forward = forgetting
