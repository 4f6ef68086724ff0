"""The order of an epoch: a function of seed and epoch."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.batches.order import Order, epoch_order


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
