"""CNet: convolutions and a dense head."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.models.cnet import CNet


def cnet(**settings: Any) -> CNet:
    given = {"input_shape": [1, 8, 8], "output_shape": [10], "batch_norms": False, **settings}
    return CNet(**given)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_an_image_becomes_a_vector() -> None:
    assert cnet()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_parameters_are_those_of_the_convolutions_and_the_dense_layers() -> None:
    model = cnet(hidden_channels=[4, 6], hidden_dims=[5], kernels=[3, 1])
    # 3*3*1*4+4, 4*6+6; two poolings leave 6 channels of 2 x 2: 24*5+5, then 5*10+10
    assert count(model) == 40 + 30 + 125 + 60


def test_the_chain_of_channels_begins_with_those_of_the_data() -> None:
    assert count(cnet(channels=[1, 4, 6])) == count(cnet(hidden_channels=[4, 6]))


def test_pooling_may_be_left_out() -> None:
    model = cnet(hidden_channels=[4], pools=1, hidden_dims=[])
    assert count(model) == 40 + (4 * 8 * 8 * 10 + 10)


def test_a_list_counts_convolutions_first_then_dense_layers() -> None:
    model = cnet(hidden_channels=[4], hidden_dims=[5], activations=["Tanh", "ELU", None])
    names = [type(module).__name__ for module in model.modules()]
    assert [name for name in names if name in ("Tanh", "ELU", "ReLU")] == ["Tanh", "ELU"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"input_shape": [64]}, "CNet works on images"),
        ({"hidden_channels": [4] * 4}, "divides by 2 after convolution 3, where .* 1 x 1"),
        ({"channels": [3, 4]}, "channels of CNet begins with 3, and the data gives 1"),
        ({"pools": [2]}, "pools of CNet has 1 entries, and 2 layers take it"),
        ({"activations": ["ReLU"]}, "there are 3 hidden layers and the output"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        cnet(**settings)
