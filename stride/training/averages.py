"""Averages of losses over steps: kept on the device, read in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class WeightedMeans:
    """Weighted means by name, summed in float64 in the order of the steps."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._weights: dict[str, float] = {}

    def add(self, name: str, value: float, weight: float) -> None:
        """Take in a value that is a mean over `weight` items; one of no weight says nothing."""
        if weight == 0.0:
            return
        self._sums[name] = self._sums.get(name, 0.0) + value * weight
        self._weights[name] = self._weights.get(name, 0.0) + weight

    def add_sum(self, name: str, total: float, weight: float) -> None:
        """Take in a sum of values that are weighted already, and the sum of their weights."""
        self._sums[name] = self._sums.get(name, 0.0) + total
        self._weights[name] = self._weights.get(name, 0.0) + weight

    def means(self, prefix: str = "") -> dict[str, float]:
        """The means, names prefixed; no name that nothing was added to."""
        return {prefix + name: total / self._weights[name] for name, total in self._sums.items()}

    def clear(self) -> None:
        """Begin again."""
        self._sums.clear()
        self._weights.clear()

    def state_dict(self) -> dict[str, Any]:
        """The sums and the weights, as they are."""
        return {"sums": dict(self._sums), "weights": dict(self._weights)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._sums = dict(state["sums"])
        self._weights = dict(state["weights"])


def merged(states: Sequence[Mapping[str, Any]]) -> WeightedMeans:
    """The means over what several have summed, from their states, added in this order."""
    whole = WeightedMeans()
    for state in states:
        for name, total in state["sums"].items():
            whole.add_sum(name, total, state["weights"][name])
    return whole
