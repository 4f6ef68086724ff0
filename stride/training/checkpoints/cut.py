"""A cut: type and whole shape of a sharded tensor, and the dimension along which it is cut."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Cut:
    """How a tensor is spread over ranks, however many there are."""

    dtype: torch.dtype
    shape: torch.Size
    dim: int
