"""The losses of the steps since the last reading: kept on the device, read in one go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from stride.training.averages import WeightedMeans
from stride.training.output import Output
from stride.training.task import losses_by_name

_LARGEST_KEPT = 4096
"""Elements of a mask that is kept until the reading; a larger one is summed at once."""


class LossReader:
    """`add` waits for nothing; `read_into` waits once for all that was added."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._totals: list[Tensor] = []
        self._weights: list[Tensor | float] = []
        self._named: list[Mapping[str, Tensor]] = []

    def __len__(self) -> int:
        return len(self._totals)

    def add(self, output: Output, total: Tensor, step: int = 0) -> None:
        """Keep the losses of a batch of that step; `total` is their detached sum, a scalar."""
        self._steps.append(step)
        self._totals.append(total)
        weight = output.weight
        if isinstance(weight, Tensor) and _is_summed_at_once(weight):
            weight = weight.sum()
        self._weights.append(weight)
        losses = output.losses
        if isinstance(losses, Tensor):
            self._named.append({})
        else:
            named = losses_by_name(output)
            self._named.append({name: loss.detach() for name, loss in named.items()})

    def leave_out(self, step: int) -> None:
        """Forget the batches of a step: its losses are in no mean."""
        kept = [at for at, each in enumerate(self._steps) if each != step]
        self._steps = [self._steps[at] for at in kept]
        self._totals = [self._totals[at] for at in kept]
        self._weights = [self._weights[at] for at in kept]
        self._named = [self._named[at] for at in kept]

    def leave_out_nonfinite(self) -> list[int]:
        """Forget the batches of all steps with a loss that is not finite, and name these: waits for
        the device.
        """
        if not self._totals:
            return []
        totals: list[float] = torch.stack(self._totals).tolist()
        read = zip(self._steps, totals, strict=True)
        steps = list(dict.fromkeys(step for step, total in read if not math.isfinite(total)))
        for step in steps:
            self.leave_out(step)
        return steps

    def read_into(self, *means: WeightedMeans) -> int | None:
        """Add all to the means as `loss` and `loss_<name>`; the first step whose loss is not
        finite.
        """
        if not self._totals:
            return None
        totals: list[float] = torch.stack(self._totals).tolist()
        weights = _numbers(self._weights)
        named = _named_numbers(self._named)
        for mean in means:
            for position, (total, weight) in enumerate(zip(totals, weights, strict=True)):
                mean.add("loss", total, weight)
                for name, values in named.items():
                    if position in values:
                        mean.add(f"loss_{name}", values[position], weight)
        steps = self._steps
        self._steps, self._totals, self._weights, self._named = [], [], [], []
        bad = (step for step, total in zip(steps, totals, strict=True) if not math.isfinite(total))
        return next(bad, None)


def _is_summed_at_once(weight: Tensor) -> bool:
    """Whether a weight is large, or its sum could depend in its last bits on what it is read with.

    Truth values and integers are summed exactly in any company.
    """
    return weight.numel() > _LARGEST_KEPT or (weight.numel() > 1 and weight.is_floating_point())


def _numbers(weights: list[Tensor | float]) -> list[float]:
    """Each weight as a number; a tensor is the sum of its elements."""
    tensors = [weight for weight in weights if isinstance(weight, Tensor)]
    if not tensors:
        return [float(weight) for weight in weights if not isinstance(weight, Tensor)]
    if len({tensor.shape for tensor in tensors}) == 1:
        sums = torch.stack(tensors).flatten(1).sum(1) if tensors[0].ndim else torch.stack(tensors)
    else:
        sums = torch.stack([tensor.sum() for tensor in tensors])
    read = iter(sums.tolist())
    return [float(next(read) if isinstance(weight, Tensor) else weight) for weight in weights]


def _named_numbers(named: list[Mapping[str, Tensor]]) -> dict[str, dict[int, float]]:
    """For each name the value at each position; a task may leave a loss out of some batches."""
    names = dict.fromkeys(name for losses in named for name in losses)
    read: dict[str, dict[int, float]] = {}
    for name in names:
        present = [position for position, losses in enumerate(named) if name in losses]
        values: list[Any] = torch.stack([named[position][name] for position in present]).tolist()
        read[name] = dict(zip(present, values, strict=True))
    return read
