"""The precision of the computation: autocast around forward passes, a scaler for fp16."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.amp.grad_scaler import GradScaler

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Precision:
    """What forward passes compute in; weights, gradients and the optimiser stay in fp32."""

    name: Literal["fp32", "bf16", "fp16"]
    device: torch.device

    def forward(self) -> AbstractContextManager[Any]:
        """The context of a forward pass and its loss."""
        if self.name == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=_TYPES[self.name])

    def build_scaler(self) -> GradScaler | None:
        """A scaler for fp16, whose small gradients would vanish without one; else None."""
        return GradScaler(self.device.type) if self.name == "fp16" else None
