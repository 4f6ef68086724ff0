"""ResNet: which of its two networks the data and the settings ask for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.models.fcnn import FCNN
from stride.training.models.residual_network import ResidualNetwork
from stride.training.models.resnet import build_resnet


def resnet(output: list[int], **settings: Any) -> nn.Module:
    return build_resnet(input_shape=[1, 8, 8], output_shape=output, **settings)


def test_an_image_and_a_vector_ask_for_the_standard_network() -> None:
    assert isinstance(resnet([10]), ResidualNetwork)
    assert isinstance(resnet([10], stage_channels=[4], stage_blocks=1), ResidualNetwork)


def test_an_image_and_an_image_ask_for_convolutions_with_skip_connections() -> None:
    model = resnet([2, 8, 8])
    assert isinstance(model, FCNN)
    assert model.skips == {2: 0}
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 2, 8, 8)


def test_channels_kernels_and_skip_connections_describe_the_layers() -> None:
    model = resnet(
        [10],
        channels=[1, 8, 8, 10],
        kernels=[3, 3, 1],
        activations=["ReLU", "ReLU", None],
        batch_norms=[True, True, False],
        dropouts=[0.1, 0.1, 0.0],
        skip_connections={"2": 0},
    )
    assert isinstance(model, FCNN)
    assert model.skips == {2: 0}
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_without_a_word_on_skips_every_second_layer_takes_from_the_one_two_before() -> None:
    model = resnet([10], hidden_channels=[4] * 6)
    assert isinstance(model, FCNN)
    assert model.skips == {2: 0, 4: 2}


def test_no_skip_connections_are_no_skip_connections() -> None:
    model = resnet([10], skip_connections={})
    assert isinstance(model, FCNN)
    assert model.skips == {}


def test_settings_of_both_networks_are_refused() -> None:
    with pytest.raises(ConfigError, match="give settings of one of them"):
        resnet([10], stage_blocks=1, channels=[1, 8, 10])
