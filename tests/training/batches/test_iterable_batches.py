"""Batches of data sets without an index: one after another, each sample with its own randomness."""

from __future__ import annotations

import copy
import logging
import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stride.training.batches.iterable_batches import IterableBatches
from tests.training.batches.own_data import SizedStream, StatefulStream, Stream, global_numbers


def _batches(dataset: Stream, workers: int = 0, size: int = 6, **more: Any) -> IterableBatches:
    chosen: dict[str, Any] = {"drop_last": False, "seed": 1, "split": "train", **more}
    cpu = torch.device("cpu")
    return IterableBatches(dataset, batch_size=size, num_workers=workers, device=cpu, **chosen)


def _epoch(batches: IterableBatches, epoch: int, start: int = 0, parts: int = 1) -> list[Any]:
    windows = batches.windows(epoch, start=start, parts=parts)
    return [[batch.tolist() for batch in window] for window in windows]


def _flat(epoch: list[Any]) -> list[float]:
    return [value for window in epoch for batch in window for value in batch]


@given(st.integers(0, 30), st.integers(1, 9), st.integers(1, 4), st.booleans())
@settings(max_examples=50, deadline=None)
def test_an_epoch_holds_every_sample_once_in_windows_and_parts(
    length: int, size: int, parts: int, drop_last: bool
) -> None:
    batches = _batches(SizedStream(length), size=size, drop_last=drop_last)
    found = _epoch(batches, 1, parts=parts)
    kept = length - length % size if drop_last else length
    assert [int(value) - 100 for value in _flat(found)] == list(range(kept))
    assert len(found) == len(batches)
    assert all(len(window) <= parts for window in found)
    longest = -(-size // parts)
    assert all(len(batch) <= longest for window in found for batch in window)
    assert _flat(_epoch(batches, 1)) == _flat(found)


def test_epochs_differ_in_their_noise_and_the_data_set_is_told_which_it_is() -> None:
    batches = _batches(Stream())
    first, second = _flat(_epoch(batches, 1)), _flat(_epoch(batches, 2))
    assert [int(x) // 100 for x in (first[0], second[0])] == [1, 2]
    assert {round(x % 1, 5) for x in first}.isdisjoint({round(x % 1, 5) for x in second})
    assert _flat(_epoch(_batches(Stream()), 2)) == second


@pytest.mark.parametrize("dataset", [Stream(), StatefulStream()])
def test_one_worker_gives_what_none_gives(dataset: Stream) -> None:
    alone, shared = _batches(copy.deepcopy(dataset)), _batches(dataset, 1)
    for epoch in (1, 2, 4):
        assert _epoch(shared, epoch, parts=2) == _epoch(alone, epoch, parts=2)
    shared.rest()
    assert _epoch(shared, 5, 2) == _epoch(alone, 5, 2)
    shared.rest()


def test_several_workers_share_the_samples_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        batches = _batches(SizedStream(), 2, size=4)
    assert "is iterated over by 2 workers" in caplog.text
    found = _epoch(batches, 1)
    assert sorted(int(x) - 100 for x in _flat(found)) == list(range(20))
    assert _epoch(batches, 1) == found
    assert _epoch(batches, 1, 3) == found[3:]
    batches.rest()
    assert (len(batches), batches.samples) == (0, 0)


@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_begun_in_the_middle_is_the_tail_of_the_epoch(workers: int) -> None:
    whole = _epoch(_batches(Stream()), 3, parts=2)
    for start in range(6):
        batches = _batches(Stream(), workers)
        assert batches.resuming == "by skipping"
        assert _epoch(batches, 3, start, parts=2) == whole[start:]
        assert batches.state_dict() == {}
        batches.rest()


@given(st.integers(1, 25), st.integers(1, 7), st.integers(1, 5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_data_set_with_a_state_goes_on_without_reading_again(
    length: int, size: int, stop: int, drop_last: bool
) -> None:
    def new() -> IterableBatches:
        return _batches(StatefulStream(length), size=size, drop_last=drop_last)

    whole = [_epoch(new(), 1), _epoch(new(), 2)]
    batches = new()
    assert batches.resuming == "by its state_dict"
    windows = batches.windows(1)
    for _ in range(min(stop, len(whole[0]))):
        next(windows)
    done, state = min(stop, len(whole[0])), copy.deepcopy(batches.state_dict())
    dataset = StatefulStream(length)
    resumed = _batches(dataset, size=size, drop_last=drop_last)
    resumed.load_state_dict(state)
    assert _epoch(resumed, 1, done) == whole[0][done:]
    assert dataset.read <= length - min(done * size, length)
    assert _epoch(resumed, 2) == whole[1]


def test_a_state_of_another_place_is_not_gone_on_from() -> None:
    batches = _batches(StatefulStream())
    assert batches.state_dict() == {}
    next(batches.windows(1))
    state = batches.state_dict()
    assert state == {"epoch": 1, "windows": 1, "is_over": False, "dataset": {"position": 6}}
    for epoch, start in ((2, 0), (1, 2)):
        resumed = _batches(StatefulStream())
        resumed.load_state_dict(state)
        expected = _epoch(_batches(StatefulStream()), epoch)
        assert _epoch(resumed, epoch, start) == expected[start:]


def test_the_end_of_an_epoch_is_kept_in_the_state() -> None:
    batches = _batches(StatefulStream(12))
    assert len(_epoch(batches, 1)) == 2
    state = batches.state_dict()
    assert (state["windows"], state["is_over"]) == (2, True)
    resumed = _batches(StatefulStream(12))
    resumed.load_state_dict(state)
    assert _epoch(resumed, 1, 2) == []


@pytest.mark.parametrize("workers", [0, 1])
def test_the_global_generators_are_as_they_were_at_every_window(workers: int) -> None:
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    expected = [global_numbers() for _ in range(5)]
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    batches = _batches(Stream(), workers, collate=_mixed)
    found = [global_numbers() for _ in batches.windows(1)]
    batches.rest()
    assert [*found, global_numbers()] == expected


def test_a_collate_function_that_draws_draws_the_same_for_each_batch() -> None:
    alone, shared = _batches(Stream(), collate=_mixed), _batches(Stream(), 1, collate=_mixed)
    assert _epoch(shared, 2, 1, parts=2) == _epoch(alone, 2, parts=2)[1:]
    shared.rest()
    assert _epoch(alone, 2) != _epoch(_batches(Stream()), 2)


def _mixed(samples: list[Tensor]) -> Tensor:
    return torch.stack(samples) * random.random()


def test_samples_and_windows_are_known_where_the_data_set_says_them() -> None:
    assert (len(_batches(Stream())), _batches(Stream()).samples) == (0, 0)
    sized = _batches(SizedStream())
    assert (len(sized), sized.samples, sized.indices(1, 0)) == (4, 20, None)
    assert len(_batches(SizedStream(), drop_last=True)) == 3
    assert [len(batch) for batch in sized] == [6, 6, 6, 2]
