from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from stride.training.checkpoints.shard_reader import read_sharded
from stride.training.checkpoints.shard_writer import write_shards
from stride.training.checkpoints.sharded_tree import encode_sharded
from stride.training.exponential_average import ExponentialAverage
from stride.training.sharding.gradient_norm import clip_gradient_norm, gradient_norm
from stride.training.sharding.local import is_sharded, local_of
from tests.training.checkpoints.test_sharded_checkpoint import whole_numbers, world
from tests.training.sharding.models import all_ranks, batch, build, build_sharded, own_part
from tests.training.sharding.ranks import on_ranks
from tests.training.sharding.test_shard_model import add_up, gradients, whole


def test_a_plain_tensor_is_all_that_a_rank_holds_of_it():
    tensor = torch.ones(3)
    assert local_of(tensor) is tensor
    assert not is_sharded(nn.Parameter(tensor))


def sum_tensors(tensors: Sequence[torch.Tensor]) -> None:
    for tensor in tensors:
        torch.distributed.all_reduce(tensor)


def clip() -> Any:
    model, alone = build_sharded(all_ranks()), build()
    values = batch(1)
    for each in (model, alone):
        each.eval()
    gradients(model, own_part(values), len(values))
    gradients(alone, values, len(values))
    add_up(model)
    own = [each.grad for each in model.parameters() if each.grad is not None]
    expected = nn.utils.clip_grad_norm_(alone.parameters(), 0.1)
    norm = clip_gradient_norm(own, 0.1, sum_tensors)
    for gradient, other in zip(own, alone.parameters(), strict=True):
        assert other.grad is not None
        torch.testing.assert_close(whole(gradient), other.grad)
    torch.testing.assert_close(norm, expected)
    torch.testing.assert_close(gradient_norm(own, sum_tensors), torch.tensor(0.1))
    assert gradient_norm([], sum_tensors).item() == 0.0
    local_of(own[0]).fill_(float("nan"))
    assert gradient_norm(own, sum_tensors).isnan()
    return norm.item()


@pytest.mark.parametrize("ranks", [2, 3])
def test_gradients_are_clipped_as_on_one_process_and_the_norm_is_the_same_on_all(ranks: int):
    assert len(set(on_ranks(ranks, clip))) == 1


def move(model: nn.Module, step: int) -> None:
    """Change all weights, to the same whatever number of ranks there is."""
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.mul_(torch.rand((), generator=generator))


def average(folder: Path) -> bool:
    mesh = all_ranks()
    model, alone = build_sharded(mesh), build()
    averages = [ExponentialAverage([each], decay=0.9) for each in (model, alone)]
    for step in range(3):
        for each, its in zip((model, alone), averages, strict=True):
            move(each, step)
            its.update()
    before = whole_numbers(dict(model.state_dict()))
    with averages[0].in_place(), averages[1].in_place():
        assert whole_numbers(dict(model.state_dict())) == whole_numbers(dict(alone.state_dict()))
        model.eval()
        with torch.no_grad():
            torch.testing.assert_close(model(batch(0)), alone.eval()(batch(0)))
    assert whole_numbers(dict(model.state_dict())) == before

    encoded = encode_sharded(averages[0].state_dict())
    write_shards(encoded.tensors, folder, world())
    torch.distributed.barrier()
    for fresh, placed in ((build_sharded(mesh, 1), mesh), (build_sharded(mesh, 1), None)):
        other = ExponentialAverage([fresh], decay=0.9)
        other.load_state_dict(read_sharded(encoded.skeleton, folder, placed))
        other.update()
    again = ExponentialAverage([build(1)], decay=0.9)
    again.load_state_dict(read_sharded(encoded.skeleton, folder, None))
    return whole_numbers(again.state_dict()) == whole_numbers(averages[1].state_dict())


def test_the_average_of_sharded_weights_is_that_of_whole_ones_and_goes_on_as_either(tmp_path: Path):
    assert on_ranks(2, average, tmp_path) == [True, True]
