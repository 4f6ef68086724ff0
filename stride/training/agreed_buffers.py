"""Agreed buffers: one value of what the forward passes of each rank have changed for themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from stride.training.ranks.ranks import Ranks


@contextlib.contextmanager
def agreed_buffers(modules: Sequence[nn.Module], ranks: Ranks) -> Iterator[None]:
    """Inside, floating buffers such as the statistics of batch norm are the mean of those of all
    ranks, and others those of the first; afterwards each rank has its own again.

    This is how a model is evaluated and saved that several ranks train: by one rule, on all alike.
    """
    buffers = [buffer for module in modules for buffer in module.buffers()]
    if ranks.world_size == 1 or not buffers:
        yield
        return
    own = [buffer.detach().clone() for buffer in buffers]
    floating = [buffer for buffer in buffers if buffer.is_floating_point()]
    with torch.no_grad():
        ranks.sum_tensors(floating)
        torch._foreach_div_(floating, float(ranks.world_size))
        ranks.broadcast_tensors([each for each in buffers if not each.is_floating_point()])
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in zip(buffers, own, strict=True):
                buffer.copy_(before)
