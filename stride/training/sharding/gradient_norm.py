"""The norm of gradients of which some are sharded: one value, the same bits on each rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stride.training.sharding.local import is_sharded, local_of

SumTensors = Callable[[Sequence[Tensor]], None]
"""Replaces each tensor by its sum over all ranks."""


@torch.no_grad()
def gradient_norm(gradients: Sequence[Tensor], sum_tensors: SumTensors) -> Tensor:
    """The Euclidean norm of all gradients together: a scalar on their device.

    Args:
        gradients: sharded ones, and whole ones that are the same on each rank and count once.
        sum_tensors: that of `Ranks`; each rank must call this.
    """
    parts = [local_of(each) for each in gradients if is_sharded(each)]
    whole = [each for each in gradients if not is_sharded(each)]
    device = gradients[0].device if gradients else torch.device("cpu")
    squares = _square_sum(parts, device)
    sum_tensors([squares])
    return (squares + _square_sum(whole, device)).sqrt()


@torch.no_grad()
def clip_gradient_norm(
    gradients: Sequence[Tensor], limit: float, sum_tensors: SumTensors
) -> Tensor:
    """Scale gradients down so that their norm is `limit` at most; the norm before that.

    As `torch.nn.utils.clip_grad_norm_`, which cannot take sharded and whole ones together.
    """
    norm = gradient_norm(gradients, sum_tensors)
    factor = (limit / (norm + 1e-6)).clamp(max=1.0)
    if gradients:
        torch._foreach_mul_([local_of(each) for each in gradients], factor)
    return norm


def _square_sum(tensors: Sequence[Tensor], device: torch.device) -> Tensor:
    """Of numbers of any type, in float32 at least."""
    filled = [each for each in tensors if each.numel()]
    if not filled:
        return torch.zeros((), device=device)
    norms = torch._foreach_norm([each.float() if each.itemsize < 4 else each for each in filled])
    return torch.stack([norm.float() for norm in norms]).square().sum()
