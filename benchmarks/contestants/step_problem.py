"""The problem that every training loop is given: tensors, model, batch size and rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

CLASSES = 10
LOG_EVERY = 50  # steps
VALIDATION_SAMPLES = 1024
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Problem:
    """One problem, and what a repeat of it is.

    Attributes:
        kind: "mlp" (64-64-10, batches of 32) or "resnet" (8 x 8 images, batches of 64).
        steps: of one epoch, which is one repeat.
        clip_norm: gradients are clipped to it; None does not clip.
    """

    kind: str
    steps: int
    clip_norm: float | None

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Problem:
        """From what the frame handed over; sets one thread, as for all."""
        torch.set_num_threads(1)
        torch.manual_seed(0)
        return cls(arguments["kind"], arguments["steps"], arguments["clip_norm"])

    @property
    def batch_size(self) -> int:
        """Samples of one step."""
        return 32 if self.kind == "mlp" else 64

    def model(self) -> nn.Module:
        """A new one."""
        if self.kind == "mlp":
            return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES))
        return small_residual_network()

    def data(self, samples: int, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs (samples, 64) or (samples, 1, 8, 8) and classes (samples,)."""
        generator = torch.Generator().manual_seed(seed)
        shape = (64,) if self.kind == "mlp" else (1, 8, 8)
        inputs = torch.randn(samples, *shape, generator=generator)
        return inputs, torch.randint(CLASSES, (samples,), generator=generator)

    def training_data(self) -> tuple[Tensor, Tensor]:
        """Exactly enough for the steps of an epoch."""
        return self.data(self.steps * self.batch_size, seed=1)

    def validation_data(self) -> tuple[Tensor, Tensor]:
        """Measured after each epoch."""
        return self.data(VALIDATION_SAMPLES, seed=2)


class Block(nn.Module):
    """Two 3 x 3 convolutions beside an identity, or a 1 x 1 convolution where the shape changes."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        same = stride == 1 and channels_in == channels
        self.side = nn.Identity() if same else nn.Conv2d(channels_in, channels, 1, stride)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(self.body(inputs) + self.side(inputs))


def small_residual_network() -> nn.Module:
    """Three blocks of 8, 16 and 16 channels: some 10,000 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 1, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        Block(8, 8, 1),
        Block(8, 16, 2),
        Block(16, 16, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, CLASSES),
    )
