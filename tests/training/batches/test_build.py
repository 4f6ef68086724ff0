"""The loaders: tensors are cut in batches, what fetches in its own way is asked for each sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.config.loader_kwargs import LoaderKwargs, TrainLoaderKwargs
from stride.errors import DataError
from stride.training.batches.build import build_batches, tensors_of
from stride.training.batches.protocol import Batches
from stride.training.batches.sample_batches import SampleBatches
from stride.training.batches.tensor_batches import TensorBatches
from stride.training.datasets.tensor_data import TensorData

INPUTS, TARGETS = torch.arange(10.0), torch.arange(10)


class Augmented(TensorDataset):
    """Tensors that are changed when they are fetched."""

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor + 100 for tensor in super().__getitem__(index))


class Endless(IterableDataset[Tensor]):
    """A data set without a length."""

    def __iter__(self) -> Iterator[Tensor]:
        return iter(())


def _build(dataset: Dataset[Any], settings: Any = None) -> Batches:
    settings = settings or TrainLoaderKwargs(batch_size=4)
    return build_batches(dataset, settings, split="train", seed=0, device=torch.device("cpu"))


def test_data_sets_that_are_nothing_but_tensors_are_cut_in_batches() -> None:
    data = TensorData(
        (INPUTS, TARGETS), output_shape=(10,), target_kind="classes", fingerprint="sha256:0"
    )
    for dataset in (TensorDataset(INPUTS, TARGETS), data, Subset(data, [1, 3])):
        assert isinstance(_build(dataset), TensorBatches)


def test_a_part_of_tensors_holds_the_rows_of_its_indices() -> None:
    tensors = tensors_of(Subset(TensorDataset(INPUTS, TARGETS), [7, 2]))
    assert tensors is not None
    assert [tensor.tolist() for tensor in tensors] == [[7.0, 2.0], [7, 2]]


def test_a_subclass_that_augments_is_asked_for_its_samples() -> None:
    for dataset in (Augmented(INPUTS, TARGETS), Subset(Augmented(INPUTS, TARGETS), range(10))):
        batches = _build(dataset)
        assert isinstance(batches, SampleBatches)
        assert sorted(x for batch in batches for x in batch[1].tolist()) == list(range(100, 110))


def test_evaluation_keeps_the_order_of_the_data() -> None:
    batches = _build(TensorDataset(TARGETS), LoaderKwargs(batch_size=3))
    assert [batch[0].tolist() for batch in batches] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_what_cannot_be_trained_on_is_refused() -> None:
    with pytest.raises(DataError, match="the train data is empty"):
        _build(TensorDataset(INPUTS[:0]))
    with pytest.raises(DataError, match="Endless without a length"):
        _build(Endless())
    with pytest.raises(DataError, match="drop_last leaves nothing of 10 samples"):
        _build(TensorDataset(INPUTS), TrainLoaderKwargs(batch_size=11, drop_last=True))
