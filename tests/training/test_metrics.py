"""The built-in metrics: the values of the definitions, however the items are dealt to batches."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stride.errors import ConfigError
from stride.training.metrics import (
    METRICS,
    Accuracy,
    CoefficientOfDetermination,
    build_metrics,
    read_metrics,
)


def _numbers(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    targets = torch.randn(count, 2, generator=generator)
    return targets + 0.3 * torch.randn(count, 2, generator=generator), targets


def test_accuracy_counts_the_items_whose_highest_score_is_right() -> None:
    metric = Accuracy()
    metric.update(torch.tensor([[0.0, 1.0], [2.0, 1.0], [0.0, 3.0]]), torch.tensor([1, 0, 0]))
    assert metric.compute() == 2 / 3


def test_accuracy_leaves_out_items_that_the_loss_ignores() -> None:
    metric = Accuracy()
    metric.update(torch.tensor([[0.0, 1.0], [2.0, 1.0]]), torch.tensor([1, -100]))
    assert metric.compute() == 1.0


def test_accuracy_takes_a_class_for_each_pixel() -> None:
    metric = Accuracy()
    scores = torch.zeros(2, 3, 4, 4)
    scores[:, 2] = 1.0
    metric.update(scores, torch.full((2, 4, 4), 2))
    assert metric.compute() == 1.0


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_accuracy_takes_logits_of_the_second_of_two_classes(shape: tuple[int, ...]) -> None:
    metric = Accuracy()
    metric.update(torch.tensor([-1.0, 2.0, 3.0, -4.0]).reshape(shape), torch.tensor([0, 1, 0, 0]))
    assert metric.compute() == 0.75


def test_the_metrics_of_numbers_are_those_of_their_formulas() -> None:
    predictions, targets = _numbers(50)
    errors = predictions.double() - targets.double()
    metrics = build_metrics(["mae", "mse", "rmse", "r2"])
    for metric in metrics.values():
        metric.update(predictions, targets)
    values = read_metrics(metrics)
    spread = (targets.double() - targets.double().mean()).square().sum()
    assert values["mae"] == pytest.approx(float(errors.abs().mean()))
    assert values["mse"] == pytest.approx(float(errors.square().mean()))
    assert values["rmse"] == pytest.approx(float(errors.square().mean().sqrt()))
    assert values["r2"] == pytest.approx(1 - float(errors.square().sum() / spread))


def test_r2_of_large_targets_that_hardly_differ_keeps_its_digits() -> None:
    targets = 1e4 + torch.arange(8, dtype=torch.float32)
    metric = CoefficientOfDetermination()
    metric.update(targets + 1.0, targets)
    assert metric.compute() == pytest.approx(1 - 8 / 42)


def test_r2_of_constant_targets_is_not_a_number() -> None:
    metric = CoefficientOfDetermination()
    metric.update(torch.ones(4), torch.ones(4))
    assert math.isnan(metric.compute())


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_nothing_is_not_a_number(name: str) -> None:
    metric = METRICS[name]()
    assert math.isnan(float(metric.compute()))
    metric.update(torch.ones(3), torch.ones(3))
    metric.reset()
    assert math.isnan(float(metric.compute()))


@given(cuts=st.lists(st.integers(1, 299), max_size=80), name=st.sampled_from(["mae", "r2"]))
def test_batches_of_any_sizes_give_the_value_of_the_whole(cuts: list[int], name: str) -> None:
    predictions, targets = _numbers(300)
    whole, parts = METRICS[name](), METRICS[name]()
    whole.update(predictions, targets)
    edges = [0, *sorted(set(cuts)), 300]
    for start, end in itertools.pairwise(edges):
        parts.update(predictions[start:end], targets[start:end])
    assert parts.compute() == pytest.approx(whole.compute(), rel=1e-12)


def test_large_batches_are_not_kept() -> None:
    metric = Accuracy()
    metric.update(torch.zeros(2, 3, 64, 64), torch.zeros(2, 64, 64, dtype=torch.int64))
    assert metric._pending == []
    assert metric.compute() == 1.0


def test_an_unknown_metric_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown metric 'acuracy'.*accuracy, mae, mse, r2, rmse"
    ):
        build_metrics(["acuracy"])
