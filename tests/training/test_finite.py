"""The guards: a bad update does not land, with every optimiser that can be fused."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stride.training.finite import FiniteGuard

CPU = torch.device("cpu")
FUSED = [
    (torch.optim.AdamW, {}),
    (torch.optim.Adam, {"amsgrad": True}),
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.Adagrad, {}),
]


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, guard: Any, factor: float) -> None:
    loss: Tensor = model(torch.ones(2, 3)).sum() * factor
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    if guard.allows_update(loss.detach(), gradients):
        optimizer.step()
    optimizer.zero_grad()


def _bits(module: nn.Module) -> list[float]:
    return [value for tensor in module.state_dict().values() for value in tensor.flatten().tolist()]


@pytest.mark.parametrize(
    ("cls", "arguments"), FUSED, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_fused_optimiser_makes_neither_the_bad_update_nor_a_later_one(
    cls: Any, arguments: dict[str, Any], bad: float
) -> None:
    model = nn.Linear(3, 2)
    optimizer = cls(model.parameters(), lr=0.1, fused=True, **arguments)
    guard = FiniteGuard(optimizer, "stop", CPU, waits=False)
    before = _bits(model)
    _step(model, optimizer, guard, 1.0)
    good = _bits(model)
    assert good != before
    _step(model, optimizer, guard, bad)
    _step(model, optimizer, guard, 1.0)
    assert _bits(model) == good


def test_the_flag_is_taken_from_the_optimiser_again() -> None:
    optimizer = torch.optim.AdamW(nn.Linear(1, 1).parameters(), fused=True)
    guard = FiniteGuard(optimizer, "stop", CPU, waits=False)
    guard.release()
    guard.release()
    assert "found_inf" not in vars(optimizer)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_flag_does_not_change_the_values_it_looks_at(dtype: torch.dtype) -> None:
    guard = FiniteGuard(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), "stop", CPU)
    value = torch.tensor(0.1, dtype=dtype)
    before = value.clone()
    assert not guard.allows_update(torch.tensor(math.nan), [value])
    assert torch.equal(value, before)
    assert bool(guard.flag)


def test_on_the_cpu_no_optimiser_makes_the_bad_update() -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.1)
    guard = FiniteGuard(optimizer, "skip", CPU)
    assert guard.waits
    before = _bits(model)
    _step(model, optimizer, guard, math.nan)
    assert _bits(model) == before
    _step(model, optimizer, guard, 1.0)
    assert _bits(model) != before


@pytest.mark.parametrize("waits", [True, False])
def test_under_skip_only_the_bad_update_is_left_out(waits: bool) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    guard = FiniteGuard(optimizer, "skip", CPU, waits=waits)
    states = [_bits(model)]
    for factor in (1.0, math.nan, 1.0, math.inf):
        _step(model, optimizer, guard, factor)
        states.append(_bits(model))
    assert states[0] != states[1] == states[2] != states[3] == states[4]
    assert guard.raised() == ([] if waits else [1, 3])
    assert guard.raised() == []


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # torch 2.11 says it of every one
def test_a_gradient_is_looked_at_even_where_the_loss_is_finite() -> None:
    guard = FiniteGuard(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), "skip", CPU)
    sparse = torch.sparse_coo_tensor([[1]], [math.inf], (3,), check_invariants=True).coalesce()
    assert not guard.allows_update(torch.zeros(()), [torch.tensor([1.0, math.inf])])
    assert not guard.allows_update(torch.zeros(()), [torch.tensor(complex(0.0, math.nan))])
    assert not guard.allows_update(torch.zeros(()), [sparse])
    assert guard.allows_update(torch.zeros(()), [torch.ones(2, dtype=torch.float64)])


def test_under_ignore_nothing_is_looked_at() -> None:
    guard = FiniteGuard(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), "ignore", CPU)
    assert guard.allows_update(torch.tensor(math.nan), [])
