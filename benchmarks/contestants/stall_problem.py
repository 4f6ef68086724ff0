"""The training whose checkpoint is large: ten square layers, AdamW, little data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

BATCH_SIZE = 4
_LAYERS = 10
_BYTES_A_PARAMETER = 12  # itself and AdamW's two moments, in float32


@dataclass(frozen=True)
class StallProblem:
    """What all are given.

    Attributes:
        megabytes: of the state, which is model and optimiser.
        every: steps between two checkpoints.
        steps_after: a checkpoint, that are watched.
        in_all: whether all that a checkpoint costs is asked for, or its stall.
    """

    megabytes: int
    every: int
    steps_after: int
    in_all: bool

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> StallProblem:
        """From what the frame handed over; sets one thread, as for all."""
        torch.set_num_threads(1)
        torch.manual_seed(0)
        return cls(**{field.name: arguments[field.name] for field in fields(cls)})

    @property
    def width(self) -> int:
        """Of each layer."""
        return round((self.megabytes * 1e6 / _BYTES_A_PARAMETER / _LAYERS) ** 0.5)

    def model(self) -> nn.Module:
        """A new one, of about the size asked for."""
        layers = [nn.Linear(self.width, self.width, bias=False) for _ in range(_LAYERS)]
        return nn.Sequential(*layers)

    def data(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets (samples, width): a hundred steps."""
        shape = (100 * BATCH_SIZE, self.width)
        return torch.randn(shape), torch.randn(shape)
