"""Which way a metric is better, as far as its name tells."""

from __future__ import annotations

from typing import Literal

_BETTER: dict[str, Literal["min", "max"]] = {
    "loss": "min",
    "error": "min",
    "mae": "min",
    "mse": "min",
    "rmse": "min",
    "accuracy": "max",
    "precision": "max",
    "recall": "max",
    "r2": "max",
    "f1": "max",
    "auc": "max",
}


def better_by_name(metric: str) -> Literal["min", "max"] | None:
    """Whether small or large values of `val_loss`, `val_top_accuracy` are better; None: unknown."""
    words = metric.lower().split("_")
    return next((better for word, better in _BETTER.items() if word in words), None)
