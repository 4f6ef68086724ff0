from __future__ import annotations

import pytest
import torch
import torch.distributed
from torch import nn
from torch.distributed.tensor import DTensor

from stride.errors import ConfigError
from stride.training.precision import Precision
from stride.training.sharding.blocks import find_blocks
from stride.training.sharding.local import is_sharded
from stride.training.sharding.shard_model import shard_model
from tests.training.sharding.models import all_ranks, batch, build, build_sharded, own_part
from tests.training.sharding.ranks import on_ranks


def whole(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def add_up(model: nn.Module) -> None:
    """Gradients of what is whole on each rank are the caller's to add up."""
    for parameter in model.parameters():
        if not is_sharded(parameter) and parameter.grad is not None:
            torch.distributed.all_reduce(parameter.grad)


def gradients(model: nn.Module, values: torch.Tensor, samples: int) -> None:
    (model(values).square().sum() / samples).backward()


def compare_with_one_process(parts: int) -> dict[str, float]:
    model, alone = build_sharded(all_ranks()), build()
    values = batch(1)
    for each in (model, alone):
        each.eval()  # without dropout and statistics of the batch
    for part in own_part(values).tensor_split(parts):
        gradients(model, part, len(values))
    gradients(alone, values, len(values))
    add_up(model)
    differences = {}
    for (name, parameter), other in zip(model.named_parameters(), alone.parameters(), strict=True):
        assert parameter.grad is not None and other.grad is not None
        differences[name] = (whole(parameter.grad) - other.grad).abs().max().item()
        assert is_sharded(parameter) == (parameter.dim() > 0)
        assert torch.equal(whole(parameter.detach()), other.detach())
    assert list(model.state_dict()) == list(alone.state_dict())
    with torch.no_grad():
        model(own_part(values))
    assert all(is_sharded(each) for each in model.parameters() if each.dim())
    return differences


@pytest.mark.parametrize(("ranks", "parts"), [(2, 1), (2, 2), (3, 1)])
def test_gradients_are_added_up_to_those_of_one_process(ranks: int, parts: int):
    for differences in on_ranks(ranks, compare_with_one_process, parts):
        assert max(differences.values()) < 1e-6


def with_and_without_recomputing() -> list[bool]:
    equal = []
    for precision in ("fp32", "bf16"):
        results = []
        for recompute in (False, True):
            model = build_sharded(all_ranks(), precision=precision, recompute=recompute)
            torch.manual_seed(7)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                gradients(model, own_part(batch(1)), 12)
            results.append(
                [whole(each.grad) for each in model.parameters() if each.grad is not None]
            )
            assert all(each.dtype == torch.float32 for each in results[-1])
        equal.append(all(map(torch.equal, *results)))
    return equal


def test_recomputing_activations_changes_no_bit_also_with_dropout():
    assert on_ranks(2, with_and_without_recomputing) == [[True, True], [True, True]]


class Turned(nn.Module):
    """Has a parameter that is not contiguous."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 3).t())


def refusals() -> list[str]:
    mesh, precision = all_ranks(), Precision("fp32", torch.device("cpu"))
    mixed = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double())
    said = []
    for model in (mixed, Turned()):
        try:
            shard_model(model, find_blocks(model), mesh, precision)
        except ConfigError as error:
            said.append(str(error))
    return said


def test_what_torch_cannot_shard_is_refused():
    (mixed, turned), _ = on_ranks(2, refusals)
    assert mixed.startswith("Sequential has parameters of float32 and float64")
    assert turned.startswith("Turned cannot be sharded: ") and "non-contiguous" in turned
