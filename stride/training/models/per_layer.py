"""A setting of every layer of a model, given as one value for all or as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from stride.errors import ConfigError

Value = TypeVar("Value")


def per_layer(
    key: str, given: Value | Sequence[Value], layers: int, *, output: Value, model: str
) -> tuple[Value, ...]:
    """One value a layer, of which the last is the output layer.

    A single value holds for the hidden layers, and the output layer has `output`. A list has one
    entry for each hidden layer, or one more for the output layer.

    Raises:
        ConfigError: the list has another length.
    """
    hidden = layers - 1
    if not _is_list(given):
        return (cast(Value, given),) * hidden + (output,)
    values = tuple(cast(Sequence[Value], given))
    if len(values) == hidden:
        return (*values, output)
    if len(values) == layers:
        return values
    raise ConfigError(
        f"{key} of {model} has {len(values)} entries, and there are {hidden} hidden layers and the"
        f" output: give one value for all hidden layers, or a list of {hidden} or {layers}"
    )


def each_layer(
    key: str, given: Value | Sequence[Value], layers: int, *, model: str
) -> tuple[Value, ...]:
    """One value a layer, where no layer is special: a single value holds for all.

    Raises:
        ConfigError: the list has another length.
    """
    if not _is_list(given):
        return (cast(Value, given),) * layers
    values = tuple(cast(Sequence[Value], given))
    if len(values) != layers:
        raise ConfigError(
            f"{key} of {model} has {len(values)} entries, and {layers} layers take it: give"
            f" one value for all, or a list of {layers}"
        )
    return values


def _is_list(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)
