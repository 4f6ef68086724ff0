"""An activation function, by its name in `torch.nn`."""

from __future__ import annotations

from difflib import get_close_matches

from torch import nn
from torch.nn.modules import activation

from stride.errors import ConfigError

# These mix or halve the channels, or need arguments: they are no function of one number.
_NOT_ELEMENTWISE = {
    "GLU",
    "LogSoftmax",
    "MultiheadAttention",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Threshold",
}
ACTIVATIONS = tuple(sorted({*activation.__all__, "Identity"} - _NOT_ELEMENTWISE))


def build_activation(name: str | None) -> nn.Module | None:
    """The activation of that name with its default arguments; none for None.

    Raises:
        ConfigError: torch.nn has no activation of that name.
    """
    if name is None:
        return None
    if name not in ACTIVATIONS:
        by_lower = {known.lower(): known for known in ACTIVATIONS}
        near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
        hint = (
            f"did you mean {by_lower[near[0]]}?" if near else f"there are {', '.join(ACTIVATIONS)}"
        )
        raise ConfigError(f"there is no activation {name!r} in torch.nn; {hint}")
    built = getattr(nn, name)()
    assert isinstance(built, nn.Module)
    return built
