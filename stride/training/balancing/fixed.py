"""Fixed weights: those of the config, from the first step to the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stride.training.balancing.weighing import Weighing


class Fixed(Weighing):
    """Every weight is one; the factors of the config are on the losses already."""

    def __init__(self, count: int, device: torch.device) -> None:
        self._weights = torch.ones(count, device=device)

    def weights(self) -> Tensor:
        """Ones."""
        return self._weights

    def begin_window(self) -> None:
        """Nothing is gathered."""

    def total(self, losses: Sequence[Tensor], items: Tensor | float) -> Tensor:
        """Their sum."""
        return torch.stack(list(losses)).sum()

    def end_window(self) -> None:
        """Nothing changes."""

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing was remembered."""
