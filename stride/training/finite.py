"""The guard against losses that are not finite: seen before the update, and without a wait."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.optim import Optimizer


class FiniteGuard(ABC):
    """Looks at the loss of each step, and at the norm of its gradients where that is computed."""

    @abstractmethod
    def allows_update(self, values: list[Tensor]) -> bool:
        """Look at some scalars; False where the update must not be made."""

    @abstractmethod
    def release(self) -> None:
        """Let go of the optimiser, which may be the user's own."""


class ReadingGuard(FiniteGuard):
    """On the CPU a value is there as soon as it is computed: to read it is no wait."""

    def allows_update(self, values: list[Tensor]) -> bool:
        """Whether all are finite."""
        return all(math.isfinite(value.item()) for value in values)

    def release(self) -> None:
        """Nothing."""


class FlagGuard(FiniteGuard):
    """One flag on the device that goes up with the first value that is nan or infinite, and stays.

    Fused optimisers look at the flag themselves and leave the weights as they are, so that neither
    the bad update nor any later one lands; the losses are read at the next log step. With an
    optimiser that is not fused the training ends at that log step too, its weights spoilt.

    The kernel and the flag are those of torch's GradScaler.
    """

    def __init__(self, optimizer: Optimizer, device: torch.device) -> None:
        self._optimizer = optimizer
        self._flag = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)
        self._fused = bool(optimizer.defaults.get("fused"))
        if self._fused:
            optimizer.found_inf = self._flag  # type: ignore[attr-defined]

    def allows_update(self, values: list[Tensor]) -> bool:
        """True: the optimiser looks at the flag. The values are multiplied by one in place."""
        torch._amp_foreach_non_finite_check_and_unscale_(values, self._flag, self._one)
        return True

    def release(self) -> None:
        """Take the flag from the optimiser."""
        if self._fused and "found_inf" in vars(self._optimizer):
            del self._optimizer.found_inf  # type: ignore[attr-defined]


def choose_guard(optimizer: Optimizer, device: torch.device) -> FiniteGuard:
    """The guard that suits the device."""
    return ReadingGuard() if device.type == "cpu" else FlagGuard(optimizer, device)
