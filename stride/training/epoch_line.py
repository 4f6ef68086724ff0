"""The line that an epoch leaves on the screen and in the log."""

from __future__ import annotations

from collections.abc import Mapping


def epoch_line(row: Mapping[str, float | int], max_epochs: int) -> str:
    """A row of metrics.csv for people.

    `[Epoch 3/20] lr=0.00040 | train_loss=0.2314 accuracy=0.9312 | val_loss=0.2510 accuracy=0.9277`
    """
    parts = [f"[Epoch {row['epoch']}/{max_epochs}] lr={_rate(float(row['lr']))}"]
    for split in ("train_", "val_"):
        numbers = [
            f"{name if name == split + 'loss' else name.removeprefix(split)}={_number(value)}"
            for name, value in row.items()
            if name.startswith(split)
        ]
        if numbers:
            parts.append(" ".join(numbers))
    return " | ".join(parts)


def _rate(value: float) -> str:
    return f"{value:.5f}" if value == 0.0 or value >= 1e-4 else f"{value:.2e}"


def _number(value: float) -> str:
    return (
        f"{value:.4f}"
        if value == 0.0 or 1e-3 <= abs(value) < 1e5 or value != value
        else f"{value:.3e}"
    )
