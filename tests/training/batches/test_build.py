"""The loaders: tensors are cut in batches, what fetches in its own way is asked for each sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.config.loader_kwargs import LoaderKwargs, TrainLoaderKwargs
from stride.errors import ConfigError, DataError
from stride.training.batches.build import build_batches, tensors_of
from stride.training.batches.iterable_batches import IterableBatches
from stride.training.batches.protocol import Batches
from stride.training.batches.sample_batches import SampleBatches
from stride.training.batches.tensor_batches import TensorBatches
from stride.training.datasets.tensor_data import TensorData

INPUTS, TARGETS = torch.arange(10.0), torch.arange(10)


class Augmented(TensorDataset):
    """Tensors that are changed when they are fetched."""

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor + 100 for tensor in super().__getitem__(index))


class Numbers(IterableDataset[Tensor]):
    """A data set without an index."""

    def __iter__(self) -> Iterator[Tensor]:
        return iter(INPUTS)


class Endless(Dataset[Tensor]):
    """A data set without a length."""

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(index)


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
    with pytest.raises(ConfigError, match=r"train_loader_kwargs\.sampler_name: the train data is"):
        _build(Numbers(), TrainLoaderKwargs(sampler_name="weighted"))


def test_data_without_an_index_is_iterated_over() -> None:
    batches = _build(Numbers(), TrainLoaderKwargs(batch_size=4, drop_last=True))
    assert isinstance(batches, IterableBatches)
    assert [batch.tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    evaluated = _build(Numbers(), LoaderKwargs(batch_size=4))
    assert [len(batch) for batch in evaluated] == [4, 4, 2]


def test_a_sampler_is_picked_by_name_and_cuts_tensors_too() -> None:
    settings = TrainLoaderKwargs(
        batch_size=4, sampler_name="weighted", sampler_kwargs={"weights": [0.0] * 9 + [1.0]}
    )
    batches = _build(TensorDataset(INPUTS, TARGETS), settings)
    assert isinstance(batches, TensorBatches)
    assert [targets.tolist() for _, targets in batches] == [[9] * 4, [9] * 4, [9] * 2]
    assert batches.indices(1, 2) == [9, 9]


def test_a_sampler_that_asks_for_the_batch_size_gets_it() -> None:
    settings = TrainLoaderKwargs(
        batch_size=4,
        sampler_name="by_length",
        sampler_kwargs={"lengths": [float(x) for x in range(10)]},
    )
    batches = list(_build(TensorDataset(INPUTS, TARGETS), settings))
    assert sorted(sorted(targets.tolist()) for _, targets in batches) == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]


OWN = """
import torch
from stride.training.batches.sampler import Sampler

class Backwards(Sampler):
    def __init__(self, data, stride: int = 1) -> None:
        self.count, self.stride = len(data), stride

    def indices(self, seed, epoch):
        return range(self.count - 1, -1, -self.stride)

def summed(samples, factor: float = 1.0):
    return factor * torch.stack([inputs for inputs, _ in samples]).sum()
"""


def test_sampler_and_collate_function_of_ones_own_are_picked_by_reference(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    settings = TrainLoaderKwargs(
        batch_size=4,
        sampler_name=f"{tmp_path}/own.py:Backwards",
        sampler_kwargs={"stride": 2},
        collate_name=f"{tmp_path}/own.py:summed",
        collate_kwargs={"factor": 10.0},
    )
    batches = _build(TensorDataset(INPUTS, TARGETS), settings)
    assert isinstance(batches, SampleBatches)
    assert [float(batch) for batch in batches] == [240.0, 10.0]
    evaluated = _build(
        TensorDataset(INPUTS, TARGETS), LoaderKwargs(batch_size=8, collate_name="list")
    )
    assert [len(batch) for batch in evaluated] == [8, 2]


def test_arguments_that_a_sampler_refuses_are_said_with_their_key() -> None:
    settings = TrainLoaderKwargs(sampler_name="weighted", sampler_kwargs={"wait": 1})
    with pytest.raises(ConfigError, match=r"train_loader_kwargs.sampler_kwargs: weighted cannot"):
        _build(TensorDataset(INPUTS, TARGETS), settings)
