"""The order of an epoch: a function of seed and epoch."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.order import EpochSampler, epoch_order


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
    list(EpochSampler(10, 0, shuffle=True))
    assert torch.rand(()) == expected


def test_a_sampler_gives_the_order_of_its_epoch_or_that_of_the_data() -> None:
    shuffled = EpochSampler(10, 7, shuffle=True)
    shuffled.epoch = 3
    assert list(shuffled) == epoch_order(10, 7, 3).tolist()
    assert list(EpochSampler(10, 7, shuffle=False)) == list(range(10))
    assert len(shuffled) == 10
