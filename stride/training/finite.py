"""The guard against losses and gradients that are not finite: before the update, without a wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

Policy = Literal["stop", "skip", "ignore"]


class FiniteGuard:
    """Looks at the loss and the gradients of one optimiser, right before its update.

    One kernel goes over all of them and raises a flag on the device. What the flag does is decided
    without a wait:

    - on the CPU a value is there as soon as it is computed: the flag is read, and the update left
      out;
    - on an accelerator a fused optimiser looks at the flag itself, and leaves the weights as they
      are;
    - an optimiser that cannot (not fused) has the flag read before its step, which waits for the
      device: a bad update must not land.

    Under `ignore` nothing is looked at. Kernel and flag are those of torch's GradScaler.

    Args:
        policy: under `stop` the flag stays up, so that no later update lands either until the
            training is ended at the next log step; under `skip` it comes down at each step.
        device: of the loss and the gradients.
        waits: whether the flag is read at each step; unless given, where that is no wait or cannot
            be helped.
        agree: replaces tensors by their sums over all ranks, where each looks at a part of the
            gradients.

    Attributes:
        waits: the same.
        flag: a scalar on the device, above zero once something was not finite.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        policy: Policy,
        device: torch.device,
        *,
        waits: bool | None = None,
        agree: Callable[[Sequence[Tensor]], None] | None = None,
    ) -> None:
        fused = bool(optimizer.defaults.get("fused"))
        self.waits = device.type == "cpu" or not fused if waits is None else waits
        self._optimizer = optimizer
        self._policy = policy
        self._agree = agree
        self.flag = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)
        self._flags: list[list[Tensor]] = []  # by step
        self._step_is_begun = False
        if not self.waits and policy != "ignore":
            optimizer.found_inf = self.flag  # type: ignore[attr-defined]

    def allows_update(self, loss: Tensor, gradients: Iterable[Tensor]) -> bool:
        """Look at them; False where the update must not be made. Values are multiplied by one in
        place.
        """
        if self._policy == "ignore":
            return True
        if self._policy == "skip":
            self.flag.zero_()
        watched = [_dense(gradient) for gradient in gradients]
        watched.append(loss)
        torch._amp_foreach_non_finite_check_and_unscale_(watched, self.flag, self._one)
        if self._agree is not None:
            self._agree([self.flag])
        if self.waits:
            return self.flag.item() == 0.0
        if not self._step_is_begun:
            self._flags.append([])
        self._flags[-1].append(self.flag.clone())
        return True

    def begin_step(self) -> None:
        """What is looked at until the next call belongs to one step; without any, each update is a
        step.
        """
        if not self.waits:
            self._flags.append([])
            self._step_is_begun = True

    def of_step(self) -> Tensor | None:
        """The flag of the last step, for all of its updates; None where there was none."""
        flags = self._flags[-1] if self._flags else []
        return torch.stack(flags).amax() if len(flags) > 1 else next(iter(flags), None)

    def raised(self) -> list[int]:
        """The positions of the steps, since the last call, in which a fused optimiser skipped an
        update: waits for the device.
        """
        steps, self._flags = self._flags, []
        if not any(steps):
            return []
        read = iter(torch.stack([flag for flags in steps for flag in flags]).tolist())
        found = [[next(read) for _ in flags] for flags in steps]
        return [position for position, flags in enumerate(found) if any(flags)]

    def release(self) -> None:
        """Take the flag from the optimiser, which may be the user's own."""
        if "found_inf" in vars(self._optimizer):
            del self._optimizer.found_inf  # type: ignore[attr-defined]


def _dense(gradient: Tensor) -> Tensor:
    """The numbers of a gradient: those that a sparse one holds, both parts of complex ones."""
    if gradient.is_sparse:
        gradient = gradient._values()
    return torch.view_as_real(gradient) if gradient.is_complex() else gradient
