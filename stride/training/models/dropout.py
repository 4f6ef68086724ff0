"""A dropout probability."""

from __future__ import annotations

from stride.errors import ConfigError


def check_dropout(probability: float, model: str) -> float:
    """A probability at which something is still learned: at least 0 and below 1.

    Raises:
        ConfigError: it is another.
    """
    if not 0 <= probability < 1:
        raise ConfigError(
            f"dropouts of {model} holds {probability:g}; it must be at least 0 and below 1"
        )
    return probability
