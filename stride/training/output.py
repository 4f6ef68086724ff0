"""The output of one step: the losses, how many items they are a mean over, and what metrics look
at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Output(NamedTuple):
    """What `Task.step` and `Task.evaluate` give.

    Attributes:
        losses: one scalar, or several by name; their sum is what is minimised. Each is a mean over
            the items.
        weight: how many valid items the losses are a mean over: a number, or a tensor whose
            elements add up to it, such as the mask of the valid ones. Batches are weighted by it
            wherever losses are averaged, and micro-batches where gradients are accumulated, so that
            a short or half-masked batch counts for what it holds.
        outputs: what the metrics are updated with: `metric.update(*outputs)`; for most tasks
            `(predictions, targets)`.
    """

    losses: Tensor | Mapping[str, Tensor]
    weight: Tensor | float = 1.0
    outputs: tuple[Any, ...] = ()


def total_loss(
    losses: Tensor | Mapping[str, Tensor], factors: Mapping[str, float] | None = None
) -> Tensor:
    """The one scalar: the loss, or the sum of the named ones, each times its factor; 1 where it has
    none.
    """
    if isinstance(losses, Tensor):
        return losses
    parts = list(losses.values())
    if factors:
        parts = [loss * factors.get(name, 1.0) for name, loss in losses.items()]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def total_of(output: Output) -> Tensor:
    """The scalar that is minimised where nothing balances the losses: their sum."""
    return total_loss(output.losses)


def items_of(weight: Tensor | float) -> Tensor | float:
    """A weight as one number, which stays on the device where it is a tensor."""
    return weight.sum() if isinstance(weight, Tensor) else weight


def without_nothing(mean: Tensor, items: Tensor | float) -> Tensor:
    """A mean over the items of a micro-batch; 0 where it has no valid ones: the mean over none is
    nan, which the window is not to be lost for.
    """
    if isinstance(items, Tensor):
        return mean.masked_fill(items == 0, 0.0)
    return mean if items else mean.masked_fill(torch.ones_like(mean, dtype=torch.bool), 0.0)
