"""The order of an epoch: a function of seed and epoch, that of a sampler too."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import DataError
from stride.training.batches.order import Order, epoch_order
from stride.training.batches.sampler import Sampler
from tests.training.batches.own_data import global_numbers


@given(st.integers(1, 300), st.integers(0, 2**32), st.integers(1, 100))
def test_an_order_holds_every_sample_once_and_is_always_the_same(
    samples: int, seed: int, epoch: int
) -> None:
    order = epoch_order(samples, seed, epoch)
    assert sorted(order.tolist()) == list(range(samples))
    assert torch.equal(order, epoch_order(samples, seed, epoch))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {tuple(epoch_order(50, seed, epoch).tolist()) for seed in (0, 1) for epoch in (1, 2)}
    assert len(orders) == 4


def test_the_global_generator_is_not_drawn_from() -> None:
    torch.manual_seed(0)
    expected = torch.rand(())
    torch.manual_seed(0)
    epoch_order(10, 0, 1)
    list(Order(10, 4, shuffle=True, drop_last=False, seed=0).windows(1, 0, torch.device("cpu")))
    assert torch.rand(()) == expected


def test_windows_follow_the_order_of_the_epoch_or_that_of_the_data() -> None:
    cpu = torch.device("cpu")
    shuffled = Order(10, 4, shuffle=True, drop_last=False, seed=7)
    assert torch.cat([*shuffled.windows(3, 0, cpu)]).tolist() == epoch_order(10, 7, 3).tolist()
    plain = Order(10, 4, shuffle=False, drop_last=True, seed=7)
    assert [window.tolist() for window in plain.windows(3, 0, cpu)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert (len(shuffled), len(plain)) == (3, 2)
    assert list(plain.windows(3, 2, cpu)) == []


class Fixed(Sampler):
    """Gives what it was built with."""

    def __init__(self, *epochs: Any) -> None:
        self.epochs = epochs

    def indices(self, seed: int, epoch: int) -> Any:
        return self.epochs[min(epoch, len(self.epochs)) - 1]


class Drawing(Sampler):
    """Draws from the global generators, with the seed that it is given."""

    def indices(self, seed: int, epoch: int) -> list[int]:
        np.random.RandomState(seed + epoch)
        return [random.randrange(10), int(np.random.randint(10)), int(torch.randint(10, ()))]


def _sampled(sampler: Sampler, size: int = 2, *, drop_last: bool = False) -> Order:
    return Order(10, size, shuffle=True, drop_last=drop_last, seed=3, sampler=sampler)


def _listed(windows: Sequence[torch.Tensor]) -> list[list[int]]:
    return [window.tolist() for window in windows]


@pytest.mark.parametrize(
    "given",
    [[4, 4, 1, 0, 4], (4, 4, 1, 0, 4), torch.tensor([4, 4, 1, 0, 4]), np.array([4, 4, 1, 0, 4])],
    ids=lambda given: type(given).__name__,
)
def test_a_sampler_says_which_samples_come_and_in_which_order(given: Any) -> None:
    order = _sampled(Fixed(given))
    assert _listed(order.windows(7)) == [[4, 4], [1, 0], [4]]
    assert _listed(order.windows(7, 1)) == [[1, 0], [4]]
    assert order.indices(7, 2) == [4]
    assert (len(order), order.samples) == (3, 5)
    assert _listed(_sampled(Fixed(given), drop_last=True).windows(7)) == [[4, 4], [1, 0]]


def test_a_sample_that_comes_again_draws_other_noise() -> None:
    order = _sampled(Fixed([4, 4, 1, 0, 4]))
    draws = order.draws(2)
    assert draws is not None
    assert _listed(draws) == [[4, 14], [1, 0], [24]]
    assert _listed(order.draws(2, 1) or ()) == [[1, 0], [24]]
    assert Order(10, 2, shuffle=True, drop_last=False, seed=3).draws(2) is None


def test_lists_of_a_sampler_are_the_batches() -> None:
    order = _sampled(Fixed([[1, 2, 3, 4, 5], [6], torch.tensor([7, 8])]))
    assert _listed(order.windows(1)) == [[1, 2, 3, 4, 5], [6], [7, 8]]
    assert [_listed(order.cut(window, 2)) for window in order.windows(1)] == [
        [[1, 2, 3], [4, 5]],
        [[6]],
        [[7], [8]],
    ]
    assert len(_sampled(Fixed([[1, 2, 3], [6]]), drop_last=True)) == 1
    assert _listed(_sampled(Fixed(torch.tensor([[1, 2], [3, 4]]))).windows(1)) == [[1, 2], [3, 4]]


def test_what_a_sampler_draws_from_global_generators_is_a_function_too() -> None:
    before = global_numbers_after(7)
    order = _sampled(Drawing())
    first, second = _listed(order.windows(1)), _listed(order.windows(2))
    assert first != second
    global_numbers_after(9)
    again = _sampled(Drawing())
    assert (_listed(again.windows(2)), _listed(again.windows(1))) == (second, first)
    assert global_numbers_after(7) == before


def global_numbers_after(seed: int) -> tuple[float, float, float]:
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    _sampled(Drawing()).windows(1)
    return global_numbers()


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([1, 10], "the index 10, and there are 10 samples"),
        ([-1, 2], "the index -1"),
        ([0.5], "float64 of the shape"),
        ([True, False], "torch.bool of the shape"),
        ([], "an empty batch"),
        ([[1], []], "an empty batch"),
        (["a"], "no indices"),
    ],
)
def test_what_is_no_index_of_the_data_is_refused(given: Any, what: str) -> None:
    with pytest.raises(DataError, match=what):
        _sampled(Fixed(given))


def test_as_many_batches_must_come_in_each_epoch() -> None:
    order = _sampled(Fixed([1, 2, 3], [1]))
    with pytest.raises(DataError, match="2 batches in epoch 1 and 1 in epoch 2"):
        order.windows(2)
    with pytest.raises(DataError, match="no batch of 4"):
        _sampled(Fixed([1, 2, 3]), size=4, drop_last=True)
