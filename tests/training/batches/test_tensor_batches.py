"""Batches cut out of tensors: every sample once, in an order of seed and epoch, as copies."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stride.training.batches.order import Order
from stride.training.batches.tensor_batches import TensorBatches


def _batches(samples: int, size: int, **settings: bool) -> TensorBatches:
    tensors = (torch.arange(samples, dtype=torch.float32), torch.arange(samples))
    chosen = {"shuffle": True, "drop_last": False, **settings}
    order = Order(samples, size, seed=3, **chosen)
    return TensorBatches(tensors, order, device=torch.device("cpu"))


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


@given(st.integers(1, 90), st.integers(1, 20), st.integers(1, 6), st.booleans())
def test_a_window_is_cut_into_parts_that_are_a_batch_together(
    samples: int, size: int, parts: int, drop_last: bool
) -> None:
    batches = _batches(samples, size, drop_last=drop_last)
    whole = [inputs.tolist() for inputs, _ in batches.epoch(3)]
    windows = list(batches.windows(3, parts=parts))
    assert [torch.cat([inputs for inputs, _ in window]).tolist() for window in windows] == whole
    assert all(len(window) <= parts for window in windows)
    longest = -(-size // parts)
    assert all(len(inputs) == longest for window in windows for inputs, _ in window[:-1])


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 5), st.integers(1, 3))
def test_what_is_begun_in_the_middle_is_the_tail_of_the_epoch(
    samples: int, size: int, start: int, parts: int
) -> None:
    batches = _batches(samples, size)
    windows = [_values(window) for window in batches.windows(4, parts=parts)]
    assert [_values(window) for window in batches.windows(4, start=start, parts=parts)] == (
        windows[start:]
    )


def _values(window: tuple[tuple[Tensor, ...], ...]) -> list[list[int]]:
    return [targets.tolist() for _, targets in window]


def test_the_samples_of_a_window_are_known_by_their_index() -> None:
    batches = _batches(20, 6)
    for number, ((_, targets),) in enumerate(batches.windows(2)):
        assert batches.indices(2, number) == targets.tolist()
    assert (batches.resuming, batches.state_dict()) == ("by position", {})
