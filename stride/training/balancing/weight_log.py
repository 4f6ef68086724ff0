"""The log of weights: those of the steps since the last reading, kept on the device."""

from __future__ import annotations

import torch
from torch import Tensor


class WeightLog:
    """`add` waits for nothing; `read` waits once for all that was added."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._weights: list[Tensor] = []

    def add(self, weights: Tensor) -> None:
        """Keep the weights of a step, (losses,)."""
        self._weights.append(weights)

    def read(self) -> dict[str, list[float]]:
        """For each loss its weight in each step since the last call."""
        if not self._weights:
            return {}
        columns: list[list[float]] = torch.stack(self._weights).T.tolist()
        self._weights.clear()
        return dict(zip(self._names, columns, strict=True))
