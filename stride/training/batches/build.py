"""The batches of a split of the data, cut out of tensors where that can be."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.config.loader_kwargs import LoaderKwargs, TrainLoaderKwargs
from stride.errors import DataError
from stride.training.batches.order import Order
from stride.training.batches.protocol import Batches
from stride.training.batches.sample_batches import SampleBatches
from stride.training.batches.tensor_batches import TensorBatches
from stride.training.datasets.tensor_data import TensorData


def build_batches(
    dataset: Dataset[Any],
    settings: TrainLoaderKwargs | LoaderKwargs,
    *,
    split: str,
    seed: int,
    device: torch.device,
) -> Batches:
    """The batches of a split.

    Raises:
        DataError: the data set is empty, or has no length.
    """
    if isinstance(dataset, IterableDataset) or not isinstance(dataset, Sized):
        raise DataError(
            f"dataset_kwargs: the {split} data is a {type(dataset).__name__} without a length; a"
            " data set needs __len__ and __getitem__"
        )
    if len(dataset) == 0:
        raise DataError(f"dataset_kwargs: the {split} data is empty")
    shuffle = drop_last = False
    if isinstance(settings, TrainLoaderKwargs):
        shuffle, drop_last = settings.shuffle, settings.drop_last
    if drop_last and len(dataset) < settings.batch_size:
        raise DataError(
            f"load_data_kwargs.{split}_loader_kwargs: drop_last leaves nothing of {len(dataset)}"
            f" samples at a batch_size of {settings.batch_size}"
        )
    order = Order(
        len(dataset), settings.batch_size, shuffle=shuffle, drop_last=drop_last, seed=seed
    )
    tensors = tensors_of(dataset)
    if tensors is not None:
        return TensorBatches(tensors, order, device=device)
    return SampleBatches(dataset, order, num_workers=settings.num_workers, seed=seed, device=device)


def tensors_of(dataset: Dataset[Any]) -> tuple[Tensor, ...] | None:
    """The tensors whose rows are the samples, where the data set is nothing but these.

    A subclass that fetches in its own way, to augment for instance, is not.
    """
    if isinstance(dataset, Subset) and type(dataset) is Subset:
        whole = tensors_of(dataset.dataset)
        indices = torch.as_tensor(dataset.indices, dtype=torch.int64)
        return None if whole is None else tuple(part.index_select(0, indices) for part in whole)
    if (
        isinstance(dataset, TensorDataset)
        and type(dataset).__getitem__ is TensorDataset.__getitem__
    ):
        return tuple(dataset.tensors)
    if isinstance(dataset, TensorData) and type(dataset).__getitem__ is TensorData.__getitem__:
        return dataset.tensors
    return None
