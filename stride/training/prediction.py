"""Predictions for inputs of any number, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stride.errors import DataError
from stride.training.device import to_device
from stride.training.evaluation import evaluation_mode
from stride.training.task import Task


def predict(
    task: Task,
    model: nn.Module,
    inputs: Any,
    *,
    device: torch.device,
    batch_size: int,
    facts: Mapping[str, Any],
) -> Any:
    """What the task predicts, on the CPU, one row a sample.

    Args:
        inputs: a tensor or array `(samples, *input_shape)`, or a mapping or tuple of such.
        facts: `input_shape` and `input_dtype` as they were in the training, where they are known.

    Raises:
        DataError: the inputs have another shape than those of the training, or there are none.
    """
    tensors = _as_tensors(inputs, facts)
    count = _count(tensors)
    if isinstance(tensors, Tensor):
        _check_shape(tensors, facts.get("input_shape"))
    if count == 0:
        raise DataError("there is nothing to predict: the inputs are empty")
    parts = []
    with evaluation_mode(model, task), torch.no_grad():
        for start in range(0, count, batch_size):
            batch = to_device(_cut(tensors, start, start + batch_size), device)
            parts.append(to_device(task.predict(model, batch), torch.device("cpu")))
    return _joined(parts)


def _as_tensors(inputs: Any, facts: Mapping[str, Any]) -> Any:
    if isinstance(inputs, Mapping):
        return {key: _as_tensors(value, facts) for key, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(_as_tensors(value, facts) for value in inputs)
    try:
        tensor = inputs if isinstance(inputs, Tensor) else torch.as_tensor(np.asarray(inputs))
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"the inputs are no numbers: {error}") from error
    trained = getattr(torch, str(facts.get("input_dtype")), None)
    if isinstance(trained, torch.dtype):
        return tensor.to(trained)
    return tensor.float() if tensor.is_floating_point() else tensor


def _check_shape(inputs: Tensor, shape: Sequence[int] | None) -> None:
    if shape is None or list(inputs.shape[1:]) == list(shape):
        return
    hint = "; a single sample needs a batch dimension of one before it"
    raise DataError(
        f"the inputs have the shape {list(inputs.shape)}, and the model was trained on samples of"
        f" the shape {list(shape)}{hint if list(inputs.shape) == list(shape) else ''}"
    )


def _count(tensors: Any) -> int:
    if isinstance(tensors, Tensor):
        return len(tensors) if tensors.ndim else 0
    values = list(tensors.values() if isinstance(tensors, Mapping) else tensors)
    return min((_count(value) for value in values), default=0)


def _cut(tensors: Any, start: int, end: int) -> Any:
    if isinstance(tensors, Tensor):
        return tensors[start:end]
    if isinstance(tensors, Mapping):
        return {key: _cut(value, start, end) for key, value in tensors.items()}
    return tuple(_cut(value, start, end) for value in tensors)


def _joined(parts: Sequence[Any]) -> Any:
    """The predictions of all batches as one, part by part of their structure."""
    first = parts[0]
    if isinstance(first, Tensor):
        return torch.cat(list(parts))
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts]) for key in first}
    if isinstance(first, (list, tuple)):
        columns = zip(*parts, strict=True)
        return tuple(_joined(list(column)) for column in columns)
    return list(parts)
