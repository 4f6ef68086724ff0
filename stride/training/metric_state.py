"""The state of a metric, whatever it is: to go on with in the middle of an epoch."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from stride.training.metrics import Metric


@runtime_checkable
class Stateful(Protocol):
    """Gives its state, and goes on from one."""

    def state_dict(self) -> dict[str, Any]:
        """The state, as a tree of numbers, texts and tensors."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from a state."""


def read_metric_state(metric: Metric, device: torch.device | None = None) -> dict[str, Any]:
    """The state of a metric as a tree; its tensors may be the metric's own.

    A metric of torchmetrics gives its states and how often it was updated, part by part; another
    module its tensors and what else it keeps; another object its own `state_dict`, else all its
    attributes. What cannot be stored is left in the tree as it is: the store names it.

    Args:
        device: of the training; where it is given, it is remembered which tensors a metric keeps in
            main memory all the same.
    """
    if isinstance(metric, nn.Module):
        parts = metric.named_modules()
        return {name: _stored(_attributes(part), device) for name, part in parts}
    own = metric.state_dict() if isinstance(metric, Stateful) else vars(metric)
    stored: dict[str, Any] = _stored(own, device)
    return stored


def put_metric_state(metric: Metric, state: Mapping[str, Any], device: torch.device) -> None:
    """Let a metric that is built anew go on from a state, on the device."""
    if isinstance(metric, nn.Module):
        for name, part in metric.named_modules():
            for attribute, value in state.get(name, {}).items():
                _put(part, attribute, _restored(value, getattr(part, attribute, None), device))
            if _is_torchmetrics(part):
                part._computed = None  # what was computed before is not the value of this state
    elif isinstance(metric, Stateful):
        metric.load_state_dict(_restored(state, None, device))
    else:
        for attribute, value in state.items():
            setattr(metric, attribute, _restored(value, getattr(metric, attribute, None), device))


_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_COUNT = "_update_count"
_ON_CPU = "__cpu__"
"""Marks a tensor that is kept in main memory though the training is elsewhere."""
_NUMPY = "__numpy__"
"""Marks an array, or a single number, of NumPy."""


def _attributes(part: nn.Module) -> dict[str, Any]:
    """What a module keeps itself, its parts left out."""
    attributes = vars(part)
    if _is_torchmetrics(part):
        return {name: getattr(part, name) for name in (*attributes["_defaults"], _COUNT)}
    own = {**part._buffers, **part._parameters}
    own |= {
        name: value
        for name, value in attributes.items()
        if name not in _OF_EVERY_MODULE and not callable(value)
    }
    return own


def _is_torchmetrics(part: nn.Module) -> bool:
    """Whether it keeps its states as torchmetrics does; that package is never imported here."""
    return isinstance(vars(part).get("_defaults"), dict) and _COUNT in vars(part)


def _put(part: nn.Module, attribute: str, value: Any) -> None:
    parameter = part._parameters.get(attribute)
    if parameter is None:
        setattr(part, attribute, value)
    else:
        with torch.no_grad():
            parameter.copy_(value)


def _stored(value: Any, device: torch.device | None) -> Any:
    """A value as a tree of what a store takes; what it does not take is left as it is."""
    if isinstance(value, Tensor):
        own = value.detach()
        elsewhere = device is not None and own.device.type == "cpu" != device.type
        return {_ON_CPU: own} if elsewhere else own
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        return {_NUMPY: torch.from_numpy(np.array(value))}
    if isinstance(value, Mapping):
        return {key: _stored(item, device) for key, item in value.items()}
    if isinstance(value, list | tuple | deque):
        items = [_stored(item, device) for item in value]
        return tuple(items) if type(value) is tuple else items
    return value


def _restored(value: Any, current: Any, device: torch.device) -> Any:
    """The value of a tree; collections are of the type that the new metric has in their place."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        if value.keys() == {_ON_CPU}:
            return value[_ON_CPU]
        if value.keys() == {_NUMPY}:
            return value[_NUMPY].cpu().numpy()[()]
        entries = {
            key: _restored(item, current.get(key) if isinstance(current, Mapping) else None, device)
            for key, item in value.items()
        }
        return _refilled(current, entries) if isinstance(current, dict) else entries
    if isinstance(value, list | tuple):
        items = [_restored(item, None, device) for item in value]
        if isinstance(current, deque):
            return deque(items, current.maxlen)
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _refilled(current: dict[Any, Any], entries: dict[Any, Any]) -> dict[Any, Any]:
    """A mapping of the kind that the metric has, such as one that counts, with other entries."""
    filled = copy.copy(current)
    filled.clear()
    filled.update(entries)
    return filled
