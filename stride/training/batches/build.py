"""The batches of a split of the data, cut out of tensors where that can be."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.config.loader_kwargs import LoaderKwargs, TrainLoaderKwargs
from stride.config.schema import Named
from stride.errors import ConfigError, DataError
from stride.training.batches.fetcher import Collate
from stride.training.batches.iterable_batches import IterableBatches
from stride.training.batches.order import Order
from stride.training.batches.protocol import Batches
from stride.training.batches.sample_batches import SampleBatches
from stride.training.batches.sampler import Sampler
from stride.training.batches.share import ALL, Share
from stride.training.batches.tensor_batches import TensorBatches
from stride.training.datasets.tensor_data import TensorData
from stride.training.kinds import takes
from stride.training.references import load_thing
from stride.training.things import build_thing


def build_batches(
    dataset: Dataset[Any],
    settings: TrainLoaderKwargs | LoaderKwargs,
    *,
    split: str,
    seed: int,
    device: torch.device,
    code: Path | None = None,
    share: Share = ALL,
) -> Batches:
    """The batches of a split.

    Args:
        dataset: with a length and an index, or an `IterableDataset`.
        settings: of the loader of this split.
        seed: of the config.
        device: where the batches are given.
        code: a folder to take the user's own code from, instead of where it was.
        share: of this process in each epoch.

    Raises:
        DataError: the data set is empty, or has no length; the sampler does not fit to it.
        ConfigError, CodeReferenceError: sampler or collate function cannot be built.
    """
    where = f"load_data_kwargs.{split}_loader_kwargs"
    collate = _build_collate(settings, where, code)
    train = settings if isinstance(settings, TrainLoaderKwargs) else None
    if isinstance(dataset, IterableDataset):
        if train is not None and train.sampler_name is not None:
            raise ConfigError(
                f"{where}.sampler_name: the {split} data is iterated over and gives its own order;"
                " a sampler needs a data set with an index"
            )
        if share.world_size > 1:
            raise ConfigError(
                f"dataset_kwargs: the {split} data is iterated over, and cannot be shared among"
                f" {share.world_size} ranks; several ranks need a data set with an index"
            )
        return IterableBatches(
            dataset,
            batch_size=settings.batch_size,
            drop_last=train is not None and train.drop_last,
            collate=collate,
            num_workers=settings.num_workers,
            seed=seed,
            split=split,
            device=device,
        )
    order = _build_order(dataset, settings, split=split, seed=seed, code=code, share=share)
    tensors = tensors_of(dataset) if collate is None else None
    if tensors is not None:
        return TensorBatches(tensors, order, device=device)
    return SampleBatches(
        dataset,
        order,
        collate=collate,
        num_workers=settings.num_workers,
        seed=seed,
        split=split,
        device=device,
    )


def _build_order(
    dataset: Dataset[Any],
    settings: TrainLoaderKwargs | LoaderKwargs,
    *,
    split: str,
    seed: int,
    code: Path | None,
    share: Share,
) -> Order:
    if not isinstance(dataset, Sized):
        raise DataError(
            f"dataset_kwargs: the {split} data is a {type(dataset).__name__} without a length; a"
            " data set needs __len__ and __getitem__, or derives from IterableDataset"
        )
    size, samples = settings.batch_size, len(dataset)
    if samples == 0:
        raise DataError(f"dataset_kwargs: the {split} data is empty")
    if not isinstance(settings, TrainLoaderKwargs):
        return Order(samples, size, shuffle=False, drop_last=False, seed=seed, share=share)
    where = f"load_data_kwargs.{split}_loader_kwargs"
    sampler = _build_sampler(dataset, settings, where, code)
    if settings.drop_last and samples < size and sampler is None:
        raise DataError(
            f"{where}: drop_last leaves nothing of {samples} samples at a batch_size of {size}"
        )
    return Order(
        samples,
        size,
        shuffle=settings.shuffle,
        drop_last=settings.drop_last,
        seed=seed,
        sampler=sampler,
        share=share,
    )


def _build_sampler(
    dataset: Dataset[Any], settings: TrainLoaderKwargs, where: str, code: Path | None
) -> Sampler | None:
    name = settings.sampler_name
    if name is None:
        return None
    given: dict[str, Any] = {}
    if takes(load_thing("sampler", name, code=code).thing, "batch_size"):
        given["batch_size"] = settings.batch_size
    sampler, _ = build_thing(
        "sampler",
        Named(name=name, arguments=settings.sampler_kwargs),
        {},
        code=code,
        where=f"{where}.sampler_kwargs",
        first=(dataset,),
        **given,
    )
    assert isinstance(sampler, Sampler)
    return sampler


def _build_collate(
    settings: TrainLoaderKwargs | LoaderKwargs, where: str, code: Path | None
) -> Collate | None:
    if settings.collate_name is None:
        return None
    named = Named(name=settings.collate_name, arguments=settings.collate_kwargs)
    where = f"{where}.collate_kwargs"
    collate: Collate = build_thing("collate", named, {}, code=code, where=where)[0]
    return collate


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
