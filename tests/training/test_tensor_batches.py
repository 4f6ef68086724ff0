"""Batches cut out of tensors: every sample once, in an order of seed and epoch, as copies."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stride.training.tensor_batches import TensorBatches


def _batches(samples: int, size: int, **settings: bool) -> TensorBatches:
    tensors = (torch.arange(samples, dtype=torch.float32), torch.arange(samples))
    chosen = {"shuffle": True, "drop_last": False, **settings}
    return TensorBatches(tensors, batch_size=size, seed=3, device=torch.device("cpu"), **chosen)


def _order(batches: TensorBatches, epoch: int) -> list[int]:
    return torch.cat([targets for _, targets in batches.epoch(epoch)]).tolist()


@given(st.integers(1, 200), st.integers(1, 70), st.booleans())
def test_an_epoch_holds_every_sample_once(samples: int, size: int, shuffle: bool) -> None:
    batches = _batches(samples, size, shuffle=shuffle)
    assert sorted(_order(batches, 2)) == list(range(samples))
    assert len(list(batches)) == len(batches)
    assert batches.samples == samples


def test_inputs_and_targets_stay_together() -> None:
    for inputs, targets in _batches(50, 8):
        assert torch.equal(inputs, targets.float())


def test_the_order_is_that_of_the_epoch_whatever_was_drawn_before() -> None:
    first, second = _batches(40, 8), _batches(40, 8)
    list(first.epoch(1))
    assert _order(first, 5) == _order(second, 5)
    assert _order(first, 5) != _order(first, 6)


def test_without_shuffling_the_order_is_that_of_the_data() -> None:
    assert _order(_batches(20, 6, shuffle=False), 4) == list(range(20))


def test_a_short_last_batch_is_left_out_where_asked_for() -> None:
    batches = _batches(20, 6, drop_last=True)
    assert [len(targets) for _, targets in batches] == [6, 6, 6]
    assert len(batches) == 3


def test_a_model_that_changes_its_inputs_does_not_change_the_data() -> None:
    batches = _batches(10, 5, shuffle=False)
    for inputs, _ in batches:
        inputs.fill_(-1.0)
    again: list[Tensor] = [inputs for inputs, _ in batches]
    assert torch.cat(again).tolist() == list(range(10))
