"""The buffers that a forward pass changes, kept so that a batch that is skipped leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class KeptBuffers:
    """A copy of all floating buffers, such as the statistics of batch norm, as they were before a
    step.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        found = {
            id(buffer): buffer
            for module in modules
            for buffer in module.buffers()
            if buffer.is_floating_point()
        }
        self._buffers = list(found.values())
        self._kept = [buffer.detach().clone() for buffer in self._buffers]

    def keep(self) -> None:
        """Copy them."""
        if self._buffers:
            torch._foreach_copy_(self._kept, self._buffers)

    def put_back(self, flag: Tensor | None = None) -> None:
        """Undo what was done to them since; with a flag only where it is above zero, without a
        wait.
        """
        for buffer, kept in zip(self._buffers, self._kept, strict=True):
            buffer.copy_(kept if flag is None else torch.where(flag > 0, kept, buffer))
