"""The standard residual network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.models.residual_network import ResidualBlock, ResidualNetwork


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_form_for_cifar_with_n_3_has_the_size_that_the_paper_states() -> None:
    # He et al. 2016, table 6: 20 layers, 0.27 million parameters (with option A; B adds 1x1 ones)
    model = ResidualNetwork([16, 32, 64], 3, input_shape=[3, 32, 32], output_shape=[10])
    shortcuts = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
    assert round((count(model) - shortcuts) / 1e6, 2) == 0.27
    weighted = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(weighted) - 2 == 20


def test_parameters_of_one_block_counted_by_hand() -> None:
    # two convolutions 3*3*2*2 without bias, two batch norms of 2 channels
    assert count(ResidualBlock(2, 2, stride=1)) == 2 * 36 + 2 * 4
    # 3*3*2*4, 3*3*4*4, a shortcut of 2*4, three batch norms of 4 channels
    assert count(ResidualBlock(2, 4, stride=2)) == 72 + 144 + 8 + 3 * 8


def test_each_stage_but_the_first_halves_height_and_width() -> None:
    model = ResidualNetwork([4, 6, 8], [1, 1, 2], input_shape=[1, 8, 8], output_shape=[10])
    assert model.blocks(model.stem(torch.zeros(2, 1, 8, 8))).shape == (2, 8, 2, 2)
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_a_block_whose_convolutions_are_zero_is_its_shortcut() -> None:
    block = ResidualBlock(2, 2, stride=1)
    nn.init.zeros_(block.second.weight)
    images = torch.rand(2, 2, 4, 4)
    assert torch.equal(block.eval()(images), images)


@pytest.mark.parametrize(
    ("channels", "blocks", "output", "sentence"),
    [
        ([], 2, [10], "at least one stage"),
        ([4], 0, [10], "each number must be at least 1"),
        ([4, 8], [1], [10], "stage_blocks of ResNet has 1 entries, and 2 layers take it"),
        ([4], 1, [1, 8, 8], "gives a vector, and the data asks for"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    channels: list[int], blocks: int | list[int], output: list[int], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ResidualNetwork(channels, blocks, input_shape=[1, 8, 8], output_shape=output)
