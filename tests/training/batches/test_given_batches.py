"""Batches of a loader that was handed over: a function of seed and epoch as far as can be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from stride.errors import ConfigError
from stride.training.batches.given_batches import GivenBatches
from tests.training.batches.own_data import Noisy, Stream, global_numbers

DATA = TensorDataset(torch.arange(20.0))


def _given(loader: Any, seed: int = 1) -> GivenBatches:
    return GivenBatches(loader, seed=seed, split="train", device=torch.device("cpu"))


def _epoch(batches: GivenBatches, epoch: int, start: int = 0) -> list[Any]:
    return [_listed(batch) for (batch,) in batches.windows(epoch, start=start)]


def _listed(batch: Any) -> list[float]:
    found: Tensor = batch["x"] if isinstance(batch, dict) else batch[0]
    return found.tolist()


def _shuffling() -> DataLoader[Any]:
    return DataLoader(DATA, 6, shuffle=True)


def _with_generator() -> DataLoader[Any]:
    return DataLoader(DATA, 6, shuffle=True, generator=torch.Generator().manual_seed(4))


def _with_sampler() -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(4)
    return DataLoader(DATA, 6, sampler=RandomSampler(DATA, generator=generator))


def _augmenting() -> DataLoader[Any]:
    return DataLoader(Noisy(), 6, shuffle=True)


def _with_workers() -> DataLoader[Any]:
    return DataLoader(Noisy(), 6, shuffle=True, num_workers=2)


@pytest.mark.parametrize(
    "build", [_shuffling, _with_generator, _with_sampler, _augmenting, _with_workers]
)
def test_the_order_is_that_of_the_epoch_wherever_it_is_begun(build: Any) -> None:
    batches = _given(build())
    assert batches.resuming == "by skipping"
    first, second = _epoch(batches, 1), _epoch(batches, 2)
    assert first != second
    global_numbers()
    again = _given(build())
    assert _epoch(again, 2, 1) == second[1:]
    assert _epoch(again, 1) == first
    assert (len(batches), batches.samples, batches.indices(1, 0)) == (4, 24, None)


def test_a_generator_that_was_handed_over_decides_the_order() -> None:
    loaders = [
        DataLoader(DATA, 6, shuffle=True, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    one, same, other = (_epoch(_given(loader), 1) for loader in loaders)
    assert one == same
    assert one != other


@pytest.mark.parametrize("build", [_shuffling, _augmenting, _with_workers])
def test_the_global_generators_are_as_they_were_at_every_window(build: Any) -> None:
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    expected = [global_numbers() for _ in range(5)]
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    found = [global_numbers() for _ in _given(build()).windows(1)]
    assert [*found, global_numbers()] == expected


class Stateful:
    """A loader that can go on from where it was."""

    def __init__(self) -> None:
        self.position = self.read = 0

    def __iter__(self) -> Iterator[tuple[Tensor]]:
        while self.position < 5:
            self.position += 1
            self.read += 1
            yield (torch.tensor([self.position + random.random()]),)
        self.position = 0

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


def test_a_loader_with_a_state_goes_on_without_reading_again() -> None:
    whole = [_epoch(_given(Stateful()), epoch) for epoch in (1, 2)]
    batches = _given(Stateful())
    assert batches.state_dict() == {}
    windows = batches.windows(1)
    next(windows), next(windows)
    loader = Stateful()
    resumed = _given(loader)
    resumed.load_state_dict(batches.state_dict())
    assert resumed.resuming == "by its state_dict"
    assert _epoch(resumed, 1, 2) == whole[0][2:]
    assert loader.read == 3
    assert _epoch(resumed, 2) == whole[1]
    elsewhere = _given(Stateful())
    elsewhere.load_state_dict(batches.state_dict())
    assert _epoch(elsewhere, 1, 1) == whole[0][1:]


def test_anything_that_can_be_iterated_over_again_may_be_handed_over() -> None:
    batches = _given([{"x": torch.ones(2)}, {"x": torch.zeros(1)}])
    assert _epoch(batches, 1) == _epoch(batches, 2) == [[1.0, 1.0], [0.0]]
    assert [_listed(batch) for batch in batches] == [[1.0, 1.0], [0.0]]
    assert len(_given(DataLoader(Stream(), 6))) == 0


def test_what_is_used_up_after_an_epoch_is_refused() -> None:
    with pytest.raises(ConfigError, match="handed over for train is an iterator"):
        _given(iter([torch.ones(2)]))


def test_whole_batches_are_not_cut_into_parts() -> None:
    with pytest.raises(ConfigError, match=r"fit_kwargs.accumulate.*hand over the data sets"):
        next(_given(_shuffling()).windows(1, parts=2))


class Told(DataLoader[Any]):
    """A loader that wants to know the epoch."""

    epochs: tuple[int, ...] = ()

    def set_epoch(self, epoch: int) -> None:
        self.epochs = (*self.epochs, epoch)


def test_what_has_set_epoch_is_told_the_epoch() -> None:
    stream = Stream()
    loader = Told(stream, 6)
    batches = _given(loader)
    _epoch(batches, 3)
    _epoch(batches, 4)
    assert (loader.epochs, stream.epoch) == ((3, 4), 4)
