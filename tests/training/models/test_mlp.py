"""MLP: its shapes, the count of its parameters, and the sentences for what contradicts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.models.mlp import MLP


def mlp(**settings: Any) -> MLP:
    return MLP(**{"input_shape": [8], "output_shape": [3], "batch_norms": False, **settings})


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def kinds(model: MLP) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_hidden_dims_lie_between_the_shapes_of_the_data() -> None:
    # 8*5+5 weights and biases, then 5*4+4, then 4*3+3
    assert count(mlp(hidden_dims=[5, 4])) == 45 + 24 + 15


def test_feature_dims_name_the_whole_chain() -> None:
    assert count(mlp(feature_dims=[8, 5, 4, 3])) == count(mlp(hidden_dims=[5, 4]))


def test_no_hidden_layer_is_a_linear_model() -> None:
    assert kinds(mlp(hidden_dims=[])) == ["Flatten", "Linear"]


def test_a_layer_is_linear_activation_batch_norm_dropout_and_the_output_is_plain() -> None:
    model = mlp(hidden_dims=[5], activations="Tanh", batch_norms=True, dropouts=0.1)
    assert kinds(model) == ["Flatten", "Linear", "Tanh", "BatchNorm1d", "Dropout", "Linear"]


def test_a_list_has_one_entry_a_hidden_layer_or_one_more_for_the_output() -> None:
    hidden = mlp(hidden_dims=[5, 4], activations=["ReLU", None], dropouts=[0.0, 0.5])
    assert kinds(hidden) == ["Flatten", "Linear", "ReLU", "Linear", "Dropout", "Linear"]
    every = mlp(hidden_dims=[5], activations=["ReLU", "Sigmoid"])
    assert kinds(every) == ["Flatten", "Linear", "ReLU", "Linear", "Sigmoid"]


def test_images_are_flattened_and_images_come_out() -> None:
    model = MLP(input_shape=(2, 4, 4), output_shape=(3, 4, 4))
    assert model(torch.zeros(5, 2, 4, 4)).shape == (5, 3, 4, 4)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"input_shape": None}, "MLP needs input_shape"),
        ({"output_shape": []}, "output_shape of MLP is .*positive"),
        ({"feature_dims": [7, 5, 3]}, "feature_dims of MLP begins with 7, and the data gives 8"),
        ({"feature_dims": [8, 5, 2]}, "ends with 2, and the data asks for 3; .*give hidden_dims"),
        ({"feature_dims": [8]}, "must name every size"),
        ({"feature_dims": [8, 5, 3], "hidden_dims": [6]}, "contradict each other"),
        ({"hidden_dims": [5, 0]}, "hidden_dims of MLP holds 0"),
        ({"hidden_dims": [5], "activations": ["ReLU"] * 3}, "has 3 entries, .* a list of 1 or 2"),
        ({"activations": "Relu"}, "did you mean ReLU"),
        ({"dropouts": 1.0}, "at least 0 and below 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        mlp(**settings)
