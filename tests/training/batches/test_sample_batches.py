"""Batches of data sets that are asked for samples: a function of seed and epoch, whoever loads."""

from __future__ import annotations

import logging
import os
import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import Dataset, Subset

from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches
from tests.training.batches.own_data import (
    SAMPLES,
    Broken,
    ByEpoch,
    Given,
    Noisy,
    Private,
    Squares,
    Whole,
    global_numbers,
)

CPU = torch.device("cpu")


def _batches(
    dataset: Dataset[Any], workers: int = 0, *, split: str = "train", size: int = 6, **more: Any
) -> SampleBatches:
    order = Order(len(dataset), size, shuffle=True, drop_last=False, seed=1)  # type: ignore[arg-type]
    return SampleBatches(
        dataset, order, num_workers=workers, seed=1, split=split, device=CPU, **more
    )


def _epoch(batches: SampleBatches, epoch: int, start: int = 0, parts: int = 1) -> list[Any]:
    windows = batches.windows(epoch, start=start, parts=parts)
    return [[batch["x"].tolist() for batch in window] for window in windows]


def _values(epoch: list[Any]) -> list[float]:
    return [value for window in epoch for batch in window for value in batch]


def test_an_epoch_holds_every_sample_once_and_its_order_is_its_own() -> None:
    batches = _batches(Squares())
    first, second = _epoch(batches, 1), _epoch(batches, 2)
    assert sorted(_values(first)) == sorted(_values(second)) == list(range(SAMPLES))
    assert first != second
    assert _epoch(_batches(Squares()), 2) == second
    assert len(batches) == len(first) == 4
    assert [batch["x"].tolist() for batch in batches.epoch(2)] == [window[0] for window in second]


@pytest.mark.parametrize("dataset", [Noisy(), Whole(), Given(), Subset(Noisy(), range(15))])
def test_any_number_of_workers_gives_the_same_samples_with_the_same_noise(
    dataset: Dataset[Any],
) -> None:
    alone = [_epoch(_batches(dataset), epoch, parts=2) for epoch in (1, 2, 3)]
    assert len({str(sorted(_values(epoch))) for epoch in alone}) == 3
    for workers in (1, 2):
        shared = _batches(dataset, workers)
        assert [_epoch(shared, epoch, parts=2) for epoch in (1, 2, 3)] == alone
        shared.rest()
        assert _epoch(shared, 2, parts=2) == alone[1]
        shared.rest()


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_begun_in_the_middle_is_the_tail_of_the_epoch(workers: int) -> None:
    whole = _epoch(_batches(Noisy()), 4, parts=3)
    for start in range(5):
        batches = _batches(Noisy(), workers)
        assert _epoch(batches, 4, start, parts=3) == whole[start:]
        batches.rest()


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4), st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_a_sample_is_the_same_however_the_epoch_is_cut(
    samples: int, size: int, parts: int, start: int
) -> None:
    dataset = Subset(Noisy(), [index % SAMPLES for index in range(samples)])
    whole = _epoch(_batches(dataset, size=size), 2)
    cut = _epoch(_batches(dataset, size=size), 2, start, parts)
    assert [_values([window]) for window in cut] == [_values([window]) for window in whole[start:]]
    assert all(len(window) <= parts for window in cut)


def test_splits_and_epochs_have_noise_of_their_own() -> None:
    trained = _values(_epoch(_batches(Noisy()), 1))
    assert set(trained).isdisjoint(_values(_epoch(_batches(Noisy(), split="val"), 1)))
    assert set(trained).isdisjoint(_values(_epoch(_batches(Noisy()), 2)))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("dataset", [Squares(), Noisy(), Whole(), Given(), ByEpoch()])
def test_the_global_generators_are_as_they_were_at_every_window(
    dataset: Dataset[Any], workers: int
) -> None:
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    expected = [global_numbers() for _ in range(5)]
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    batches = _batches(dataset, workers)
    found = [global_numbers() for _ in batches.windows(1)]
    batches.rest()
    assert [*found, global_numbers()] == expected


def test_what_a_training_draws_between_windows_does_not_change_them() -> None:
    whole = _epoch(_batches(Noisy()), 1)
    found = []
    for (batch,) in _batches(Noisy()).windows(1):
        found.append([batch["x"].tolist()])
        global_numbers()
    assert found == whole


@pytest.mark.parametrize("workers", [0, 2])
def test_the_data_set_is_told_each_epoch_also_where_workers_stay(workers: int) -> None:
    batches = _batches(ByEpoch(), workers)
    processes = []
    for epoch in (1, 2, 5):
        found = list(batches.epoch(epoch))
        assert all(float(x) // 100 == epoch for batch in found for x in batch["x"])
        processes.append({int(each) for batch in found for each in batch["process"]})
    batches.rest()
    assert processes[0] == processes[1] == processes[2]
    assert len(processes[0]) == max(workers, 1)
    assert (os.getpid() in processes[0]) == (workers == 0)


def test_an_epoch_that_is_left_in_the_middle_does_not_reach_into_the_next() -> None:
    batches, expected = _batches(Noisy(), 2), _batches(Noisy())
    for epoch in (1, 2):
        windows = batches.windows(epoch)
        next(windows)
        del windows
    assert _epoch(batches, 3) == _epoch(expected, 3)
    batches.rest()


def test_a_collate_function_that_draws_draws_the_same_for_each_batch() -> None:
    for workers in (0, 2):
        batches = _batches(Squares(), workers, collate=_mixed)
        assert _epoch(batches, 2) == _epoch(_batches(Squares(), collate=_mixed), 2)
        batches.rest()
    assert _epoch(_batches(Squares(), collate=_mixed), 2) != _epoch(_batches(Squares()), 2)


def _mixed(samples: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    share = random.random() + float(torch.rand(()))
    stacked = torch.stack([sample["x"] for sample in samples])
    return {"x": share * stacked + (1 - share) * stacked.flip(0)}


def test_the_samples_of_a_window_are_known_by_their_index() -> None:
    batches = _batches(Squares())
    for number, (batch,) in enumerate(batches.windows(3)):
        assert batches.indices(3, number) == batch["x"].tolist()
    assert (batches.resuming, batches.state_dict()) == ("by position", {})


def test_a_generator_of_its_own_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    _batches(Squares())
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        _batches(Subset(Private(), range(4)))
    assert "the train data keeps a generator of its own in `rng`" in caplog.text


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_of_the_data_set_comes_up_and_names_the_sample(workers: int) -> None:
    batches = _batches(Broken(), workers)
    with pytest.raises(OSError, match="cannot be decoded") as raised:
        list(batches.epoch(1))
    batches.rest()
    said = [str(raised.value), *getattr(raised.value, "__notes__", [])]
    assert any("while sample 13 of the train data was fetched" in text for text in said)


def test_a_pass_that_another_one_overtook_is_over() -> None:
    batches = _batches(Squares(), 1)
    first = batches.windows(1)
    next(first)
    second = batches.windows(2)
    next(second)
    with pytest.raises(RuntimeError, match="another pass over these batches has begun"):
        next(first)
    assert len(list(second)) == 3
    batches.rest()
