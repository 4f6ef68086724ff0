"""Evaluation: every sample once, weighted by valid items, and no trace left in the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from stride.config.loader_kwargs import LoaderKwargs
from stride.training.batches.build import build_batches
from stride.training.batches.protocol import Batches
from stride.training.evaluation import evaluate, evaluation_mode
from stride.training.metrics import Metric
from stride.training.output import Output
from stride.training.supervised import Supervised
from stride.training.task import Task

CPU = torch.device("cpu")


def _batches(*tensors: Tensor, size: int = 4) -> Batches:
    settings = LoaderKwargs(batch_size=size)
    return build_batches(TensorDataset(*tensors), settings, split="val", seed=0, device=CPU)


@given(st.integers(1, 40), st.integers(1, 50))
def test_the_result_is_that_of_all_samples_at_once(samples: int, size: int) -> None:
    generator = torch.Generator().manual_seed(samples)
    inputs = torch.randn(samples, 3, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 3, (samples,), generator=generator)
    targets[::3] = -100 if samples > 1 else 0
    values = evaluate(
        Supervised(target_kind="classes"), nn.Identity(), _batches(inputs, targets, size=size), CPU
    )
    valid = targets >= 0
    loss = nn.functional.cross_entropy(inputs[valid], targets[valid])
    assert values["loss"] == pytest.approx(float(loss), rel=1e-9)
    right = (inputs[valid].argmax(1) == targets[valid]).double().mean()
    assert values["accuracy"] == pytest.approx(float(right), rel=1e-12)


def test_each_part_is_afterwards_in_the_mode_that_it_was_in() -> None:
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2))
    model.train()
    model[1].eval()
    seen: list[bool] = []
    with pytest.raises(RuntimeError, match="inside"), evaluation_mode(model, Supervised("MSELoss")):
        seen += [part.training for part in model.modules()]
        raise RuntimeError("inside")
    assert seen == [False, False, False]
    assert [part.training for part in model.modules()] == [True, True, False]


def test_neither_weights_nor_statistics_nor_gradients_change() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    evaluate(
        Supervised(target_kind="numbers"), model, _batches(torch.ones(6, 2), torch.ones(6, 2)), CPU
    )
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


class Counted(nn.Module):
    """A metric that is a module, as those of torchmetrics are."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def update(self, outputs: Tensor) -> None:
        """Count the samples."""
        self.count += len(outputs)

    def compute(self) -> Tensor:
        """How many there were."""
        return self.count

    def reset(self) -> None:
        """From zero."""
        self.count.zero_()


class Own(Task):
    """A task that is evaluated in another way than it is trained."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        raise AssertionError("a training step in an evaluation")

    def evaluate(self, model: nn.Module, batch: Any) -> Output:
        assert not torch.is_grad_enabled()
        (inputs,) = batch
        losses = {"far": inputs.mean(), "near": inputs.mean() * 2}
        return Output(losses, len(inputs), (inputs,))

    def metrics(self) -> Mapping[str, Metric]:
        return {"count": Counted()}


def test_a_task_may_evaluate_in_its_own_way_with_metrics_of_others() -> None:
    between: list[int] = []
    values = evaluate(
        Own(),
        nn.Identity(),
        _batches(torch.arange(6.0)),
        CPU,
        between=lambda: between.append(1),
    )
    assert values == {"loss": 7.5, "loss_far": 2.5, "loss_near": 5.0, "count": 6.0}
    assert len(between) == 2
