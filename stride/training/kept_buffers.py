"""The buffers that a forward pass changes, kept so that a batch that is skipped leaves no trace."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from stride.training.parts import Parts
from stride.training.task import modules_of
from stride.training.updater import Updater


class KeptBuffers:
    """A copy of all buffers, such as the statistics of batch norm, as they were before a step.

    A forward pass may change a buffer, or put another of its shape into its place.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        places = {
            id(buffer): (part._buffers, name)
            for module in modules
            for part in module.modules()
            for name, buffer in part._buffers.items()
            if buffer is not None
        }
        self._places = list(places.values())
        self._kept = [buffer.detach().clone() for buffer in self._buffers()]

    def keep(self) -> None:
        """Copy them."""
        if self._places:
            torch._foreach_copy_(self._kept, self._buffers())

    @torch.no_grad()
    def put_back(self, flag: Tensor | None = None) -> None:
        """Undo what was done to them since; with a flag only where it is above zero, without a
        wait.
        """
        for buffer, kept in zip(self._buffers(), self._kept, strict=True):
            buffer.copy_(kept if flag is None else torch.where(flag > 0, kept, buffer))

    def _buffers(self) -> list[Tensor]:
        found = [place[name] for place, name in self._places]
        return [buffer for buffer in found if buffer is not None]


def buffers_to_keep(parts: Parts, updaters: Collection[Updater]) -> KeptBuffers | None:
    """The buffers of model and task, where a step may have to be undone.

    Under `stop` that is the last one, where it is known at once: what is left then are weights and
    buffers of the step before.
    """
    policy, modules = parts.fit_kwargs.on_nonfinite, modules_of(parts.model, parts.task)
    undone = policy == "skip" or (policy == "stop" and all(each.tells for each in updaters))
    return KeptBuffers(modules) if undone and any([*each.buffers()] for each in modules) else None


def put_back_buffers(kept: KeptBuffers, updaters: Collection[Updater], *, updated: bool) -> None:
    """Undo what the forward pass of a step did that was left out; on an accelerator only the device
    knows whether it was.
    """
    if not updated:
        kept.put_back()
        return
    for updater in updaters:
        if (flag := updater.flag) is not None:
            kept.put_back(flag)
