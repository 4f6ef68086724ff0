"""The state that each rank has of its own: what it drew, and what its share of the data left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stride.training.checkpoints.randomness import capture, restore
from stride.training.parts import Parts
from stride.training.seeding import derive, seed_globally
from stride.training.steps import Steps
from stride.training.task import modules_of


class OwnState:
    """Buffers that a forward pass changes, running sums, and the state of the generators."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps

    def gather(self) -> dict[str, Any]:
        """What a checkpoint holds of this rank beside what all have in common."""
        average = self._parts.average
        return {
            "tally": self._steps.tally.state_dict(),
            "buffers": [list(module.buffers()) for module in self._modules],
            "average": None if average is None else average.buffers(),
            "randomness": capture(),
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Take it up, on the same rank of as many."""
        self._steps.tally.load_state_dict(state["tally"])
        with torch.no_grad():
            for module, stored in zip(self._modules, state["buffers"], strict=True):
                _copy(list(module.buffers()), stored)
            if self._parts.average is not None:
                _copy(self._parts.average.buffers(), state["average"])
        restore(state["randomness"])

    def redistribute(self, tallies: Sequence[Mapping[str, Any]], seed: int) -> None:
        """Go on from the state of another number of ranks: the first takes the sums of all, buffers
        are those of the first, and what is drawn begins anew, by (seed, step, rank).
        """
        ranks, steps = self._parts.ranks, self._steps
        steps.tally.load_merged(tallies, first=ranks.is_first)
        seed_globally(derive(seed, "training", steps.done, ranks.rank))

    @property
    def _modules(self) -> list[torch.nn.Module]:
        return modules_of(self._parts.model, self._parts.task)


def _copy(into: Sequence[Tensor], stored: Sequence[Tensor]) -> None:
    for tensor, value in zip(into, stored, strict=True):
        tensor.copy_(value)
