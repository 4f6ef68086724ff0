"""The projection of conflicting gradients, worked out on their inner products alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def projection(products: Tensor, orders: Sequence[Sequence[int]]) -> Tensor:
    """How much of each gradient is in the sum of the projected ones, (losses,).

    Algorithm 1 of Yu et al. (2020): each gradient g_i meets the others in its order, and where it
    conflicts with g_j (a negative inner product) loses what it has of g_j:
    g_i - (g_i . g_j) / |g_j|^2 g_j. All that comes of it are sums of the gradients that there were,
    so that it is enough to keep how much of each is in them.

    Args:
        products: inner products of the gradients, (losses, losses).
        orders: for each gradient, in which order it meets the others.
    """
    parts = torch.eye(len(products), dtype=products.dtype, device=products.device)
    squares = products.diagonal()
    for own, order in enumerate(orders):
        for other in order:
            square = squares[other]
            along = (parts[own] @ products[:, other]).clamp(max=0.0)
            share = torch.where(square > 0, along / square, 0.0)
            parts[own, other] -= share
    return parts.sum(0)
