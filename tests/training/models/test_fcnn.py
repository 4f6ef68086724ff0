"""FCNN: same padding, skip connections, and the sentences for what contradicts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.models.fcnn import FCNN


def fcnn(**settings: Any) -> FCNN:
    given = {"input_shape": [2, 6, 5], "output_shape": [3, 6, 5], "batch_norms": False, **settings}
    return FCNN(**given)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("kernels", [1, 3, 4, [5, 3, 1]])
def test_height_and_width_stay_whatever_the_kernels(kernels: int | list[int]) -> None:
    model = fcnn(hidden_channels=[4, 4], kernels=kernels)
    # torch says by a warning that an even kernel needs a copy; that is what was asked for.
    images = torch.zeros(7, 2, 6, 5)
    if kernels == 4:
        with pytest.warns(UserWarning, match="even kernel"):
            assert model(images).shape == (7, 3, 6, 5)
    else:
        assert model(images).shape == (7, 3, 6, 5)


def test_parameters_are_those_of_the_convolutions() -> None:
    # 3*3*2*4+4, then 5*5*4*3+3
    assert count(fcnn(channels=[2, 4, 3], kernels=[3, 5])) == 76 + 303


def test_a_layer_is_convolution_activation_batch_norm_dropout() -> None:
    model = fcnn(hidden_channels=[4], activations="Tanh", batch_norms=True, dropouts=0.2)
    after = [type(layer).__name__ for layer in model.layers[0].after]
    assert after == ["Tanh", "BatchNorm2d", "Dropout2d"]
    assert len(model.layers[1].after) == 0


def test_a_vector_is_the_mean_of_the_last_channels_over_the_pixels() -> None:
    image = fcnn(hidden_channels=[4])
    vector = fcnn(hidden_channels=[4], output_shape=[3])
    vector.load_state_dict(image.state_dict())
    images = torch.randn(2, 2, 6, 5)
    assert torch.allclose(vector(images), image(images).mean(dim=(2, 3)))


def test_a_skip_connection_has_a_convolution_and_is_added_before_the_activation() -> None:
    model = fcnn(channels=[2, 4, 4, 3], kernels=1, skip_connections={"2": 0}, activations="ReLU")
    # Three 1x1 convolutions, and one from the four channels of layer 0 to the three of layer 2
    assert count(model) == (2 * 4 + 4) + (4 * 4 + 4) + (4 * 3 + 3) + (4 * 3 + 3)
    first, second, last = model.layers
    images = torch.randn(1, 2, 6, 5)
    early = first.convolution(images).relu()
    late = second.convolution(early).relu()
    assert torch.allclose(model(images), last.convolution(late) + last.skip(early))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"input_shape": [64]}, "works on images, .channels, height, width., and input_shape is"),
        ({"output_shape": [3, 5, 5]}, "keeps height and width"),
        ({"channels": [16, 32]}, "channels of FCNN begins with 16, .*give hidden_channels"),
        ({"kernels": [3, 3]}, "has 2 entries, and 3 layers take it"),
        ({"kernels": 0}, "kernels of FCNN holds 0"),
        ({"skip_connections": {"1": 1}}, "to layer 1 from layer 1: it must lead to a later layer"),
        ({"skip_connections": {"3": 0}}, "the 3 layers are numbered from 0 to 2"),
        ({"skip_connections": {"one": 0}}, "'one' is no number of a layer"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        fcnn(**settings)
