"""The collate functions: how a batch is made of a list of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import default_collate

from stride.errors import DataError


def as_list(samples: list[Any]) -> list[Any]:
    """The samples as they are, for models that take a list."""
    return samples


def pad(samples: list[Any], padding_value: float = 0.0) -> Any:
    """As torch does it, with tensors that differ in their first dimension filled up at their end.

    A sample is a tensor, or a list, tuple or mapping with tensors in it. Of such a tensor the batch
    holds a pair: (samples, longest, ...), and the lengths, (samples,) of int64.

    Args:
        padding_value: what they are filled up with.

    Raises:
        DataError: tensors that differ in another dimension.
    """
    first = samples[0]
    if isinstance(first, Tensor) and first.ndim:
        return _padded(samples, padding_value)
    if isinstance(first, Mapping):
        return {key: pad([each[key] for each in samples], padding_value) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, str | bytes):
        return tuple(pad(list(column), padding_value) for column in zip(*samples, strict=True))
    return default_collate(samples)


def _padded(tensors: list[Tensor], padding_value: float) -> tuple[Tensor, Tensor]:
    shapes = {tuple(tensor.shape[1:]) for tensor in tensors}
    if len(shapes) > 1:
        raise DataError(
            "collate_name=pad fills up the first dimension alone; the others differ:"
            f" {' and '.join(str(list(shape)) for shape in sorted(shapes))}"
        )
    lengths = torch.tensor([len(tensor) for tensor in tensors])
    return pad_sequence(tensors, batch_first=True, padding_value=padding_value), lengths
