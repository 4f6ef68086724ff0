"""Batches of other data sets: the same order with any number of workers, private generators."""

from __future__ import annotations

import random
from itertools import chain

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from stride.training.batches.given_batches import GivenBatches
from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches

CPU = torch.device("cpu")


class Squares(Dataset[dict[str, Tensor]]):
    """Samples that are computed one by one."""

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"x": torch.tensor(float(index)), "y": torch.tensor(float(index**2))}


class Noisy(Squares):
    """Samples with noise from the three global generators."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        noise = random.random() + np.random.rand() + float(torch.rand(()))
        return {"x": torch.tensor(index + noise), "y": torch.tensor(0.0)}


class Whole(Squares):
    """Samples that can be had many at a time, and no other way."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        raise AssertionError("asked for a single sample")

    def __getitems__(self, indices: list[int]) -> list[dict[str, Tensor]]:
        return [{"x": torch.tensor(float(index))} for index in indices]


def _batches(dataset: Dataset[dict[str, Tensor]], workers: int = 0) -> SampleBatches:
    order = Order(20, 6, shuffle=True, drop_last=False, seed=1)
    return SampleBatches(dataset, order, num_workers=workers, seed=1, device=CPU)


def _epoch(batches: SampleBatches | GivenBatches, epoch: int) -> list[list[float]]:
    return [batch["x"].tolist() for batch in batches.epoch(epoch)]


def test_an_epoch_holds_every_sample_once_and_its_order_is_its_own() -> None:
    batches = _batches(Squares())
    first, second = _epoch(batches, 1), _epoch(batches, 2)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(20))
    assert first != second
    assert _epoch(_batches(Squares()), 2) == second
    assert len(batches) == len(first) == 4


def test_workers_give_the_same_batches_and_rest_afterwards() -> None:
    alone, shared = _batches(Squares()), _batches(Squares(), workers=2)
    for epoch in (1, 2):
        assert _epoch(shared, epoch) == _epoch(alone, epoch)
    shared.rest()
    assert _epoch(shared, 3) == _epoch(alone, 3)
    shared.rest()


def test_workers_that_draw_random_numbers_draw_the_same_in_each_training() -> None:
    first, second = _batches(Noisy(), workers=2), _batches(Noisy(), workers=2)
    assert _epoch(first, 1) == _epoch(second, 1)
    first.rest()
    second.rest()


def test_a_data_set_that_gives_many_samples_at_a_time_is_asked_for_a_batch() -> None:
    assert sorted(chain(*_epoch(_batches(Whole()), 1))) == list(range(20))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_global_generator_is_not_drawn_from(workers: int) -> None:
    torch.manual_seed(0)
    expected = torch.rand(())
    torch.manual_seed(0)
    batches = _batches(Squares(), workers)
    list(batches.epoch(1))
    batches.rest()
    assert torch.rand(()) == expected


def test_a_loader_that_is_handed_over_begins_anew_at_the_first_epoch() -> None:
    data = TensorDataset(torch.arange(20.0))
    loader = DataLoader(data, 6, shuffle=True, generator=torch.Generator().manual_seed(4))
    batches = GivenBatches(loader, CPU)
    first = [[batch[0].tolist() for batch in batches.epoch(epoch)] for epoch in (1, 2)]
    again = [[batch[0].tolist() for batch in batches.epoch(epoch)] for epoch in (1, 2)]
    assert first == again
    assert first[0] != first[1]
    assert (len(batches), batches.samples) == (4, 24)


def test_anything_that_can_be_iterated_over_again_may_be_handed_over() -> None:
    batches = GivenBatches([{"x": torch.ones(2)}, {"x": torch.zeros(1)}], CPU)
    assert _epoch(batches, 1) == _epoch(batches, 2) == [[1.0, 1.0], [0.0]]
