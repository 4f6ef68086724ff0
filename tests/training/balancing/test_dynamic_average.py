"""Dynamic weight average: its formula, and the epochs that it looks at."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.balancing.dynamic_average import DynamicAverage, average_weights

LOSSES = st.floats(1e-3, 1e3)


@given(
    rows=st.lists(st.tuples(LOSSES, LOSSES), min_size=2, max_size=6),
    temperature=st.floats(0.5, 10),
)
def test_weights_are_those_of_equation_7_and_sum_to_the_number_of_losses(
    rows: list[tuple[float, float]], temperature: float
) -> None:
    last, before = (torch.tensor(each, dtype=torch.float64) for each in zip(*rows, strict=True))
    weights = average_weights(last, before, temperature)
    ratios = [a / b / temperature for a, b in rows]
    powers = [math.exp(ratio - max(ratios)) for ratio in ratios]
    assert weights.tolist() == pytest.approx([len(rows) * p / sum(powers) for p in powers])
    assert float(weights.sum()) == pytest.approx(len(rows))


def _epoch(method: DynamicAverage, epoch: int, *windows: tuple[list[float], float]) -> list[float]:
    method.begin_epoch(epoch)
    for losses, items in windows:
        method.begin_window()
        method.total([torch.tensor(each) for each in losses], items)
        method.end_window()
    weights: list[float] = method.weights().tolist()
    return weights


def test_the_means_are_those_of_epochs_each_window_counted_by_its_items() -> None:
    method = DynamicAverage(2, torch.device("cpu"), 2.0)
    assert _epoch(method, 1, ([4.0, 4.0], 3), ([8.0, 8.0], 1)) == [1.0, 1.0]
    assert _epoch(method, 2, ([2.5, 5.0], 4)) == [1.0, 1.0]
    halved, same = math.exp(0.5 / 2), math.exp(1.0 / 2)
    expected = [2 * halved / (halved + same), 2 * same / (halved + same)]
    assert _epoch(method, 3, ([1.0, 1.0], 4)) == pytest.approx(expected)


def test_an_epoch_that_begins_again_is_not_counted_twice() -> None:
    method = DynamicAverage(2, torch.device("cpu"), 2.0)
    for epoch in (1, 2):
        _epoch(method, epoch, ([1.0 / epoch, 1.0], 4))
    method.begin_epoch(3)
    weights = method.weights().tolist()
    method.begin_epoch(3)
    assert method.weights().tolist() == weights != [1.0, 1.0]


def test_losses_that_are_not_finite_are_in_no_mean() -> None:
    method = DynamicAverage(2, torch.device("cpu"), 2.0)
    _epoch(method, 1, ([math.nan, 1.0], 4), ([1.0, 1.0], 4))
    _epoch(method, 2, ([1.0, 1.0], 4))
    assert _epoch(method, 3, ([1.0, 1.0], 4)) == [1.0, 1.0]
