from __future__ import annotations

import pytest
import torch
import torch.distributed
from torch import nn
from torch.distributed.tensor import DTensor

from stride.training.sharding.local import is_sharded
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


def compare_with_one_process() -> dict[str, float]:
    model, alone = build_sharded(all_ranks()), build()
    values = batch(1)
    for each in (model, alone):
        each.eval()  # without dropout and statistics of the batch
    gradients(model, own_part(values), len(values))
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


@pytest.mark.parametrize("ranks", [2, 3])
def test_gradients_are_added_up_to_those_of_one_process(ranks: int):
    for differences in on_ranks(ranks, compare_with_one_process):
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
