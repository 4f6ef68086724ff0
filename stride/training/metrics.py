"""The metrics of a step: a few lines on tensors each, summed where the model is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from stride.errors import ConfigError


class Metric(Protocol):
    """Anything that is updated batch by batch and gives one number: those here, or torchmetrics'
    own.
    """

    def update(self, *outputs: Any) -> None:
        """Take in the outputs of one batch."""

    def compute(self) -> Any:
        """The value over all since the last reset; a scalar tensor or a number."""

    def reset(self) -> None:
        """Forget all."""


class Sums(ABC):
    """A metric that is a function of sums over items.

    What a batch adds is kept as it is and summed now and then, in float64 where the device has it:
    nothing is read from the device before `compute`, and a small batch costs few operations.
    """

    _FOLD_EVERY = 64
    _LARGEST_KEPT = 4096

    def __init__(self) -> None:
        self._pending: list[tuple[Tensor, ...]] = []
        self._totals: list[Tensor] = []

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add a batch; shapes as the metric says."""
        terms = self.terms(predictions.detach(), targets)
        self._pending.append(terms)
        if len(self._pending) >= self._FOLD_EVERY or terms[0].numel() > self._LARGEST_KEPT:
            self._fold()

    def compute(self) -> float:
        """The value over all batches; nan where there were none."""
        self._fold()
        return self.value(torch.stack(self._totals).tolist()) if self._totals else math.nan

    def read_sums(self) -> list[float] | None:
        """The sums over all batches so far; None where there were none."""
        self._fold()
        return torch.stack(self._totals).tolist() if self._totals else None

    def value_of(self, several: Sequence[list[float] | None]) -> float:
        """The metric from the sums of several, added in this order."""
        known = [sums for sums in several if sums is not None]
        return (
            self.value([sum(column) for column in zip(*known, strict=True)]) if known else math.nan
        )

    def reset(self) -> None:
        """Forget all batches."""
        self._pending.clear()
        self._totals.clear()

    def state_dict(self) -> dict[str, Any]:
        """The sums, and the terms that are not summed yet: when they are decides the last bits."""
        return {"totals": list(self._totals), "pending": list(self._pending)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, whose tensors are where the next batches will be."""
        self._totals = list(state["totals"])
        self._pending = [tuple(terms) for terms in state["pending"]]

    def load_merged(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Go on from the states of several, in this order."""
        self.reset()
        for state in states:
            self._fold()
            before = self._totals
            self.load_state_dict(state)
            self._fold()
            if before:
                added = zip(
                    before, self._totals or [torch.zeros_like(each) for each in before], strict=True
                )
                self._totals = [one + other for one, other in added]

    def _fold(self) -> None:
        if not self._pending:
            return
        columns = zip(*self._pending, strict=True)
        sums = [_sum(torch.cat([term.flatten() for term in column])) for column in columns]
        self._pending.clear()
        if self._totals:
            sums = [before + new for before, new in zip(self._totals, sums, strict=True)]
        self._totals = sums

    @abstractmethod
    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """What a batch adds: for each sum a tensor of any shape whose elements go into it."""

    @abstractmethod
    def value(self, sums: list[float]) -> float:
        """The metric, from the sums over all batches."""


def _sum(values: Tensor) -> Tensor:
    wide = torch.float32 if values.device.type == "mps" else torch.float64
    # The sum of truth values and integers is exact as it is, and quicker.
    return (values if values.dtype == torch.bool else values.to(wide)).sum().to(wide)


class Accuracy(Sums):
    """The share of items whose highest score is that of their class.

    Scores are `(batch, classes, ...)`, targets `(batch, ...)`; items whose target is negative, as
    the -100 that torch's losses ignore, do not count. Scores of shape `(batch,)` or `(batch, 1)`
    are logits of the second of two classes.
    """

    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """Which items are right, and which count at all."""
        if predictions.ndim == targets.ndim + 1 and predictions.shape[1] > 1:
            chosen = predictions.argmax(1)
        else:
            chosen = (predictions.reshape(targets.shape) > 0).to(targets.dtype)
        return chosen == targets, targets >= 0

    def value(self, sums: list[float]) -> float:
        """Right over valid."""
        right, valid = sums
        return right / valid if valid else float("nan")


class MeanAbsoluteError(Sums):
    """The mean of |prediction - target|, in the units of the targets."""

    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """The absolute errors, and their count."""
        errors = predictions.reshape(targets.shape) - targets
        return errors.abs(), torch.ones_like(targets, dtype=torch.bool)

    def value(self, sums: list[float]) -> float:
        """Sum over count."""
        return sums[0] / sums[1] if sums[1] else float("nan")


class MeanSquaredError(Sums):
    """The mean of (prediction - target)^2."""

    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """The squared errors, and their count."""
        errors = predictions.reshape(targets.shape) - targets
        return errors.square(), torch.ones_like(targets, dtype=torch.bool)

    def value(self, sums: list[float]) -> float:
        """Sum over count."""
        return sums[0] / sums[1] if sums[1] else float("nan")


class RootMeanSquaredError(Sums):
    """The square root of the mean of (prediction - target)^2, in the units of the targets."""

    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """The squared errors, and their count."""
        errors = predictions.reshape(targets.shape) - targets
        return errors.square(), torch.ones_like(targets, dtype=torch.bool)

    def value(self, sums: list[float]) -> float:
        """The root of sum over count."""
        return float((sums[0] / sums[1]) ** 0.5) if sums[1] else float("nan")


class CoefficientOfDetermination(Sums):
    """R^2: 1 - residual sum of squares / total sum of squares, over all values as one; nan for
    constant targets.
    """

    def terms(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """Residuals squared, targets, targets squared, and the count."""
        # Squares of targets are subtracted from one another in the end: float32 would lose the
        # difference.
        exact = targets if targets.device.type == "mps" else targets.double()
        errors = predictions.reshape(targets.shape).to(exact.dtype) - exact
        return errors.square(), exact, exact.square(), torch.ones_like(targets, dtype=torch.bool)

    def value(self, sums: list[float]) -> float:
        """1 - residual / total."""
        residual, total, squares, count = sums
        spread = squares - total * total / count if count else 0.0
        return 1.0 - residual / spread if spread > 0.0 else float("nan")


METRICS: Mapping[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "mae": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "r2": CoefficientOfDetermination,
    "rmse": RootMeanSquaredError,
}
"""The built-in metrics by name."""


def build_metrics(names: list[str]) -> dict[str, Metric]:
    """Fresh metrics by name.

    Raises:
        ConfigError: a name is none of `METRICS`.
    """
    for name in names:
        if name not in METRICS:
            known = ", ".join(METRICS)
            raise ConfigError(f"unknown metric {name!r} in task_kwargs.metrics; known are {known}")
    return {name: METRICS[name]() for name in names}


def read_metrics(metrics: Mapping[str, Metric]) -> dict[str, float]:
    """The value of each metric as a number: this waits for the device."""
    return {name: float(metric.compute()) for name, metric in metrics.items()}
