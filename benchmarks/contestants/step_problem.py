"""The problem that every training loop is given: tensors, model, batch size and rhythm."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.contestants.step_models import (
    CLASSES,
    LENGTH,
    TOKENS,
    Transformer,
    perceptron,
    residual_network,
)

LOG_EVERY = 50  # steps
LEARNING_RATE = 1e-3
VALIDATION_BATCH = 256


@dataclass(frozen=True)
class Kind:
    """What belongs to a model.

    Attributes:
        shape: of one sample.
        tokens: whether a sample consists of token numbers, not of floats.
        validation_samples: measured after each epoch.
    """

    model: Callable[[], nn.Module]
    batch_size: int
    shape: tuple[int, ...]
    tokens: bool
    validation_samples: int


KINDS = {
    "mlp": Kind(perceptron, 32, (64,), False, 1024),
    "resnet8": Kind(partial(residual_network, 1), 64, (1, 8, 8), False, 128),
    "resnet32": Kind(partial(residual_network, 3), 16, (3, 32, 32), False, 128),
    "transformer": Kind(Transformer, 8, (LENGTH,), True, 128),
}


@dataclass(frozen=True)
class Problem:
    """One problem, and what a repeat of it is.

    Attributes:
        kind: of `KINDS`.
        steps: of one epoch, which is one repeat.
        clip_norm: gradients are clipped to it; None does not clip.
        device: "cpu" or "cuda".
        precision: of the computation, "fp32" or "bf16".
        compiled: whether the model goes through `torch.compile`.
    """

    kind: str
    steps: int
    clip_norm: float | None = None
    device: str = "cpu"
    precision: str = "fp32"
    compiled: bool = False

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Problem:
        """From what the frame handed over; sets one thread, as for all."""
        torch.set_num_threads(1)
        torch.manual_seed(0)
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in arguments.items() if name in names})

    @property
    def batch_size(self) -> int:
        """Samples of one step."""
        return KINDS[self.kind].batch_size

    def model(self) -> nn.Module:
        """A new one, on the CPU."""
        return KINDS[self.kind].model()

    def placed_model(self) -> nn.Module:
        """A new one as a loop of one's own needs it: on the device, compiled where asked for."""
        model = self.model().to(self.device)
        if self.compiled:
            model.compile()
        return model

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """What a forward pass runs under; may be entered again and again."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device, dtype=torch.bfloat16)

    def data(self, samples: int, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs (samples, *shape) and classes (samples,), on the CPU."""
        kind = KINDS[self.kind]
        generator = torch.Generator().manual_seed(seed)
        shape = (samples, *kind.shape)
        if kind.tokens:
            inputs = torch.randint(TOKENS, shape, generator=generator)
        else:
            inputs = torch.randn(shape, generator=generator)
        return inputs, torch.randint(CLASSES, (samples,), generator=generator)

    def training_data(self) -> tuple[Tensor, Tensor]:
        """Exactly enough for the steps of an epoch."""
        return self.data(self.steps * self.batch_size, seed=1)

    def validation_data(self) -> tuple[Tensor, Tensor]:
        """Measured after each epoch."""
        return self.data(KINDS[self.kind].validation_samples, seed=2)
