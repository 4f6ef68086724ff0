"""Predictions: batch by batch what the model gives at once, and a sentence for other shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from stride.errors import DataError
from stride.training.output import Output
from stride.training.prediction import predict
from stride.training.task import Task


class Plain(Task):
    """Predicts what the model gives."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        return Output(model(batch).sum())


class Both(Plain):
    """Predicts several things for a pair of inputs."""

    def predict(self, model: nn.Module, inputs: Any) -> Any:
        first, second = inputs
        return {"sum": first + second, "parts": (first, [second])}


def _predict(task: Task, model: nn.Module, inputs: Any, size: int = 4, **facts: Any) -> Any:
    return predict(task, model, inputs, device=torch.device("cpu"), batch_size=size, facts=facts)


@given(st.integers(1, 30), st.integers(1, 40))
def test_batches_of_any_size_give_what_the_model_gives_at_once(samples: int, size: int) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5))
    inputs = np.random.RandomState(samples).rand(samples, 2, 3)
    predicted = _predict(Plain(), model, inputs, size)
    assert torch.equal(predicted, torch.tensor(inputs).flatten(1).float())
    assert model.training


def test_inputs_are_brought_into_the_type_of_the_training() -> None:
    pixels = np.full((2, 3), 200, dtype=np.uint8)
    assert _predict(Plain(), nn.Identity(), pixels, input_dtype="float32").dtype == torch.float32
    assert _predict(Plain(), nn.Identity(), pixels).dtype == torch.uint8


def test_nested_inputs_and_predictions_keep_their_structure() -> None:
    inputs = (torch.arange(5.0), torch.ones(5))
    predicted = _predict(Both(), nn.Identity(), inputs, 2)
    assert predicted["sum"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert predicted["parts"][0].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert len(predicted["parts"][1][0]) == 5


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (np.zeros((2, 3)), r"have the shape \[2, 3\].*trained on samples of the shape \[4\]"),
        (np.zeros(4), r"a single sample needs a batch dimension"),
        (np.zeros((0, 4)), "the inputs are empty"),
        ("text", "the inputs are no numbers"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        _predict(Plain(), nn.Identity(), inputs, input_shape=[4])
