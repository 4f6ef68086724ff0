from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.sharding.blocks import find_blocks
from tests.training.sharding.models import Block, build


class Stage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = self.inner(values)
        return result


class TiedApart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))
        self.blocks[1].weight = self.blocks[0].weight


def test_blocks_are_the_outermost_parts_that_repeat_in_a_list_or_a_sequence():
    assert list(find_blocks(build()).modules) == ["blocks.0", "blocks.1"]
    nested = nn.Sequential(Stage(), nn.Sequential(Stage()), nn.Flatten(), nn.Flatten())
    assert list(find_blocks(nested).modules) == ["0", "1.0"]
    assert find_blocks(nn.Sequential(nn.Linear(2, 2), nn.ReLU())).modules == {}


def test_what_was_found_is_one_sentence():
    assert find_blocks(build()).sentence == "sharded by 2 Block"
    assert "as one" in find_blocks(nn.Linear(2, 2)).sentence


def test_blocks_may_be_named_also_one_inside_another():
    model = nn.ModuleList([Stage(), nn.Linear(3, 3)])
    found = find_blocks(model, ["Stage", "Linear"])
    assert list(found.modules) == ["0", "0.inner.0", "0.inner.2", "1"]
    assert all(isinstance(part, Block) for part in find_blocks(build(), ["Block"]).modules.values())


def test_a_class_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"names 'Blok'.*BatchNorm1d, Block, LayerNorm, Linear"):
        find_blocks(build(), ["Blok"])
    with pytest.raises(ConfigError, match="names 'Sequential'"):  # it only holds others
        find_blocks(Stage(), ["Sequential"])


def test_a_parameter_that_two_blocks_share_is_refused_by_its_names():
    with pytest.raises(ConfigError, match=r"blocks\.0\.weight and blocks\.1\.weight of TiedApart"):
        find_blocks(TiedApart())
    alone = torch.nn.Linear(3, 3)
    with pytest.raises(ConfigError, match="are one parameter"):
        find_blocks(
            nn.ModuleList(
                [nn.ModuleList([alone, nn.Linear(3, 3)]), nn.Bilinear(1, 1, 1), _Holder(alone)]
            )
        )


class _Holder(nn.Module):
    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = linear.weight
