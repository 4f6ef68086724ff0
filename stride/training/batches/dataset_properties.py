"""What a sampler may ask a data set: the target and the length of each sample, without fetching."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset, TensorDataset

from stride.errors import DataError
from stride.training.datasets.tensor_data import TensorData


def classes_of(dataset: Dataset[Any]) -> Tensor:
    """The class of each sample, (samples,) of int64.

    The last of a TensorDataset's tensors, or the data set's attribute `targets`, else `labels`.

    Raises:
        DataError: there is none of these, or it holds no classes, one a sample.
    """
    found = _rows(dataset, ("targets", "labels"))
    if found is None:
        raise DataError(
            f"a sampler by class needs the classes beforehand, and {type(dataset).__name__} has no"
            " attribute `targets` that holds them, one a sample"
        )
    classes = torch.as_tensor(found)
    if classes.ndim != 1 or classes.is_floating_point():
        raise DataError(
            "a sampler by class needs integers, one a sample; the targets are"
            f" {classes.dtype} of the shape {list(classes.shape)}"
        )
    return classes.to(torch.int64)


def lengths_of(dataset: Dataset[Any]) -> Tensor:
    """The length of each sample, (samples,), from the attribute `lengths` of the data set.

    Raises:
        DataError: it has none.
    """
    found = _rows(dataset, ("lengths",))
    if found is None:
        raise DataError(
            f"a sampler by length needs the lengths beforehand, and {type(dataset).__name__} has no"
            " attribute `lengths` that holds them, one a sample; give sampler_kwargs.lengths"
        )
    return torch.as_tensor(found)


def _rows(dataset: Any, names: tuple[str, ...]) -> Any:
    """An attribute with a row a sample, of the data set or of what it is a part of."""
    for name in names:
        # Optional in what others write: torchvision's data sets, for one, have `targets`.
        found = getattr(dataset, name, None)
        if found is not None and not callable(found):
            return found
    if isinstance(dataset, TensorData | TensorDataset) and "targets" in names:
        return dataset.tensors[-1]
    if isinstance(dataset, Subset):
        whole = _rows(dataset.dataset, names)
        indices = torch.as_tensor(dataset.indices, dtype=torch.int64)
        return None if whole is None else torch.as_tensor(whole)[indices]
    return None
