"""Losses by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from stride.errors import ConfigError


def build_loss(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    return getattr(nn, name)(**arguments)
