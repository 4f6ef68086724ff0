"""The shapes of a model: what goes in, what comes out, and the chain of sizes between."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from stride.errors import ConfigError


def check_shape(shape: Sequence[int] | None, key: str, model: str) -> tuple[int, ...]:
    """A shape without the batch: (features,), or (channels, height, width).

    Raises:
        ConfigError: it is missing, or is not a row of positive numbers.
    """
    if shape is None:
        raise ConfigError(
            f"{model} needs {key}: a training takes it from the data; elsewhere give it, as in"
            " [1, 8, 8]"
        )
    if not shape or min(shape) < 1:
        raise ConfigError(
            f"{key} of {model} is {list(shape)}; it must be a row of positive numbers"
        )
    return tuple(shape)


def check_image(shape: tuple[int, ...], key: str, model: str) -> tuple[int, int, int]:
    """The shape of an image, (channels, height, width).

    Raises:
        ConfigError: it is another.
    """
    if len(shape) != 3:
        raise ConfigError(
            f"{model} works on images, [channels, height, width], and {key} is {list(shape)};"
            " MLP takes any shape"
        )
    return shape[0], shape[1], shape[2]


def size_of(shape: tuple[int, ...]) -> int:
    """How many numbers a shape holds."""
    return prod(shape)


def check_chain(
    model: str,
    *,
    whole: Sequence[int] | None,
    whole_key: str,
    hidden: Sequence[int],
    hidden_default: Sequence[int],
    hidden_key: str,
    first: int,
    last: int | None,
) -> tuple[int, ...]:
    """The sizes from the input to the output, given whole or by the hidden ones alone.

    With `last` None the chain ends with the last hidden size.

    Raises:
        ConfigError: the whole chain contradicts the data or the hidden sizes, or a size is not
            positive.
    """
    ends = 1 if last is None else 2
    if whole is None:
        chain = (first, *hidden, *(() if last is None else (last,)))
        key, example = hidden_key, ""
    else:
        chain, key = tuple(whole), whole_key
        inner = list(chain[1:]) if last is None else list(chain[1:-1])
        example = f"; for the layers between alone give {hidden_key}"
        if len(chain) < ends:
            raise ConfigError(
                f"{whole_key} of {model} is {list(chain)}; it must name every size from the input"
                f" to the output{example}"
            )
        if chain[0] != first:
            raise ConfigError(
                f"{whole_key} of {model} begins with {chain[0]}, and the data gives"
                f" {first}{example}"
            )
        if last is not None and chain[-1] != last:
            raise ConfigError(
                f"{whole_key} of {model} ends with {chain[-1]}, and the data asks for"
                f" {last}{example}"
            )
        if list(hidden) not in (list(hidden_default), inner):
            raise ConfigError(
                f"{hidden_key} {list(hidden)} and {whole_key} {list(chain)} of {model} contradict"
                " each other; give one of them"
            )
    if min(chain) < 1:
        raise ConfigError(f"{key} of {model} holds {min(chain)}; each size must be at least 1")
    return chain
