"""PCGrad: the sum of projected gradients conflicts with none of two, and is what the paper has."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stride.training.balancing.pcgrad import meeting_orders
from stride.training.balancing.projection import projection

NUMBERS = st.floats(-10, 10).map(lambda value: round(value, 3))


def _rows(count: int) -> st.SearchStrategy[list[list[float]]]:
    return st.integers(1, 6).flatmap(
        lambda width: st.lists(
            st.lists(NUMBERS, min_size=width, max_size=width), min_size=count, max_size=count
        )
    )


def _as_in_the_paper(gradients: Tensor, orders: list[list[int]]) -> Tensor:
    """Algorithm 1, on the gradients themselves."""
    projected = gradients.clone()
    for own, order in enumerate(orders):
        for other in order:
            product = projected[own] @ gradients[other]
            if product < 0:
                projected[own] -= product / gradients[other].square().sum() * gradients[other]
    return projected.sum(0)


@settings(max_examples=200)
@given(rows=_rows(2))
def test_the_sum_of_two_does_not_conflict_with_either(rows: list[list[float]]) -> None:
    gradients = torch.tensor(rows, dtype=torch.float64)
    summed = projection(gradients @ gradients.T, [[1], [0]]) @ gradients
    assert (gradients @ summed >= -1e-9 * gradients.square().sum()).all()


@settings(max_examples=200)
@given(rows=_rows(3), seed=st.integers(0, 2**62), step=st.integers(1, 10**6))
def test_on_inner_products_it_is_the_algorithm_of_the_paper(
    rows: list[list[float]], seed: int, step: int
) -> None:
    gradients = torch.tensor(rows, dtype=torch.float64)
    orders = meeting_orders(seed, step, 3)
    summed = projection(gradients @ gradients.T, orders) @ gradients
    # Where a product is zero up to rounding, one may project and the other not.
    assert torch.allclose(summed, _as_in_the_paper(gradients, orders), rtol=1e-6, atol=1e-6)


def test_gradients_that_agree_are_added_up() -> None:
    gradients = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    weights = projection(gradients @ gradients.T, [[1, 2], [0, 2], [0, 1]])
    assert weights.tolist() == [1.0, 1.0, 1.0]


@given(seed=st.integers(0, 2**62), step=st.integers(1, 10**9), count=st.integers(2, 6))
def test_the_order_is_a_function_of_seed_and_step(seed: int, step: int, count: int) -> None:
    orders = meeting_orders(seed, step, count)
    assert orders == meeting_orders(seed, step, count)
    for own, order in enumerate(orders):
        assert sorted([own, *order]) == list(range(count))


def test_orders_differ_from_step_to_step() -> None:
    seen = {tuple(itertools.chain(*meeting_orders(0, step, 4))) for step in range(50)}
    assert len(seen) > 40


def test_a_gradient_of_zeros_changes_nothing() -> None:
    gradients = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    weights = projection(gradients @ gradients.T, [[1], [0]])
    assert (weights @ gradients).tolist() == pytest.approx([1.0, 1.0])
