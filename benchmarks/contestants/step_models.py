"""The models that every training loop is given: an MLP, two residual networks, a transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CLASSES = 10
TOKENS = 256
LENGTH = 32  # tokens of a sample
_WIDTH = 64


def perceptron() -> nn.Module:
    """64-64-10: some 5,000 parameters."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES))


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


def residual_network(image_channels: int) -> nn.Module:
    """Three blocks of 8, 16 and 16 channels: some 10,000 parameters."""
    return nn.Sequential(
        nn.Conv2d(image_channels, 8, 3, 1, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        Block(8, 8, 1),
        Block(8, 16, 2),
        Block(16, 16, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, CLASSES),
    )


class Transformer(nn.Module):
    """Two encoder layers of width 64 with four heads, their mean classified: 120,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, _WIDTH)
        self.positions = nn.Parameter(torch.zeros(LENGTH, _WIDTH))
        layer = nn.TransformerEncoderLayer(_WIDTH, 4, 4 * _WIDTH, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(_WIDTH, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.layers(self.embedding(tokens) + self.positions)
        outputs: Tensor = self.head(states.mean(dim=1))
        return outputs
