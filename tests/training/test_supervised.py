"""The built-in task: losses and metrics by the kind of target, weights by valid items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stride.errors import CodeReferenceError, ConfigError, DataError
from stride.training.supervised import Supervised

IDENTITY = nn.Identity()


def _weight(task: Supervised, predictions: Tensor, targets: Tensor) -> float:
    return float(torch.as_tensor(task.step(IDENTITY, (predictions, targets)).weight).sum())


@pytest.mark.parametrize(
    ("kind", "loss", "metric", "monitor"),
    [
        ("classes", nn.CrossEntropyLoss, "accuracy", "val_accuracy:max"),
        ("numbers", nn.MSELoss, "mae", "val_loss:min"),
    ],
)
def test_the_kind_of_target_decides_loss_metric_and_monitor(
    kind: str, loss: type, metric: str, monitor: str
) -> None:
    task = Supervised(target_kind=kind)
    assert isinstance(task.loss, loss)
    assert list(task.metrics()) == [metric]
    assert task.monitor() == monitor
    assert task.settled() == {
        "loss_name": loss.__name__,
        "metrics": [metric],
        "target_kind": kind,
    }


def test_the_loss_is_that_of_torch_and_metrics_see_predictions_and_targets() -> None:
    scores, targets = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    output = Supervised(target_kind="classes").step(IDENTITY, (scores, targets))
    assert torch.equal(torch.as_tensor(output.losses), nn.CrossEntropyLoss()(scores, targets))
    assert output.outputs[0] is scores
    assert output.outputs[1] is targets


def test_items_that_the_loss_ignores_weigh_nothing() -> None:
    scores, targets = torch.randn(4, 3), torch.tensor([0, -100, 2, -100])
    assert _weight(Supervised(target_kind="classes"), scores, targets) == 2.0
    other = Supervised("CrossEntropyLoss", {"ignore_index": 0}, target_kind="classes")
    assert _weight(other, scores, torch.tensor([0, 1, 2, 2])) == 3.0


def test_weights_of_classes_weigh_the_items_as_the_loss_does() -> None:
    task = Supervised("CrossEntropyLoss", {"weight": [1.0, 5.0]}, target_kind="classes")
    assert _weight(task, torch.randn(3, 2), torch.tensor([0, 1, -100])) == 6.0


def test_numbers_of_shape_batch_are_compared_with_predictions_of_batch_and_one() -> None:
    task = Supervised(target_kind="numbers")
    predictions, targets = torch.tensor([[1.0], [2.0]]), torch.tensor([1, 4])
    output = task.step(IDENTITY, (predictions, targets))
    assert output.losses == 2.0
    assert output.outputs[1].shape == (2, 1)


def test_predictions_that_do_not_fit_the_targets_are_an_error_and_not_broadcast() -> None:
    with pytest.raises(DataError, match=r"MSELoss compares value by value.*\[2, 3\].*\[2, 1\]"):
        Supervised(target_kind="numbers").step(IDENTITY, (torch.zeros(2, 3), torch.zeros(2, 1)))


def test_cross_entropy_predicts_probabilities_and_other_losses_what_the_model_gives() -> None:
    scores = torch.randn(4, 3)
    predicted = Supervised(target_kind="classes").predict(IDENTITY, scores)
    assert torch.allclose(predicted.sum(1), torch.ones(4))
    assert Supervised(target_kind="numbers").predict(IDENTITY, scores) is scores


def test_without_a_loss_and_a_kind_of_target_the_loss_must_be_given() -> None:
    with pytest.raises(ConfigError, match="loss_name must be given"):
        Supervised()
    assert isinstance(Supervised("L1Loss").loss, nn.L1Loss)


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        ({"loss_name": "MSELos"}, ConfigError, "no loss 'MSELos'; did you mean MSELoss"),
        ({"loss_name": "os:system"}, CodeReferenceError, "os:system is"),
        ({"loss_name": "HuberLoss", "loss_kwargs": {"delt": 1}}, ConfigError, "HuberLoss refuses"),
        ({"loss_name": "MSELoss", "metrics": ["top9"]}, ConfigError, "unknown metric 'top9'"),
    ],
)
def test_what_does_not_exist_is_refused(
    arguments: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        Supervised(**arguments)


def test_a_loss_of_ones_own_is_a_function_or_a_module_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import Tensor, nn\n"
        "def power(outputs: Tensor, targets: Tensor, exponent: float = 2.0) -> Tensor:\n"
        "    return (outputs - targets).abs().pow(exponent).mean()\n"
        "class Scaled(nn.Module):\n"
        "    def __init__(self, factor: float) -> None:\n"
        "        super().__init__()\n"
        "        self.factor = factor\n"
        "    def forward(self, outputs, targets):\n"
        "        return self.factor * (outputs - targets).abs().mean()\n"
    )
    batch = (torch.tensor([3.0]), torch.tensor([1.0]))
    power = Supervised(f"{tmp_path}/own.py:power", {"exponent": 3.0})
    scaled = Supervised(f"{tmp_path}/own.py:Scaled", {"factor": 10.0})
    assert power.step(IDENTITY, batch).losses == 8.0
    assert scaled.step(IDENTITY, batch).losses == 20.0
