"""The guard against losses that are not finite: seen on the device, before the update, without a wait."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Optimizer


class FiniteGuard:
    """One flag on the device that goes up with the first value that is nan or infinite, and stays up.

    Fused optimisers look at the flag themselves and leave the weights as they are, so that neither the bad
    update nor any later one lands, and nothing waits: the flag is read at the next log step. For the others it is read
    before each update where that is no wait, on the CPU; elsewhere the training ends at the log step.
    """

    def __init__(self, optimizer: Optimizer, device: torch.device) -> None:
        self._flag = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)
        fused = bool(optimizer.defaults.get("fused"))
        self._reads = not fused and device.type == "cpu"
        if fused:
            # What torch's own GradScaler sets: a fused step does nothing where it is 1.
            optimizer.found_inf = self._flag  # type: ignore[attr-defined]

    def allows_update(self, values: list[Tensor]) -> bool:
        """Look at some scalars, and say whether the update may be made; True where the optimiser looks itself.

        The kernel is that of torch's GradScaler: it multiplies the values by one and raises the flag.
        """
        torch._amp_foreach_non_finite_check_and_unscale_(values, self._flag, self._one)
        return not (self._reads and bool(self._flag))

    def release(self, optimizer: Optimizer) -> None:
        """Let go of the optimiser, which may be the user's own."""
        if "found_inf" in vars(optimizer):
            del optimizer.found_inf  # type: ignore[attr-defined]

    @property
    def tripped(self) -> bool:
        """Whether the flag is up; waits for the device."""
        return bool(self._flag)
