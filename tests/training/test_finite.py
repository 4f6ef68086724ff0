"""The guards: a bad update does not land, with every optimiser that can be fused."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stride.training.finite import FlagGuard, ReadingGuard, choose_guard

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
    if guard.allows_update([loss.detach()]):
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
    guard = FlagGuard(optimizer, CPU)
    before = _bits(model)
    _step(model, optimizer, guard, 1.0)
    good = _bits(model)
    assert good != before
    _step(model, optimizer, guard, bad)
    _step(model, optimizer, guard, 1.0)
    assert _bits(model) == good


def test_the_flag_is_taken_from_the_optimiser_again() -> None:
    optimizer = torch.optim.AdamW(nn.Linear(1, 1).parameters(), fused=True)
    guard = FlagGuard(optimizer, CPU)
    guard.release()
    guard.release()
    assert "found_inf" not in vars(optimizer)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_flag_does_not_change_the_values_it_looks_at(dtype: torch.dtype) -> None:
    guard = FlagGuard(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), CPU)
    value = torch.tensor(0.1, dtype=dtype)
    before = value.clone()
    assert guard.allows_update([value, torch.tensor(math.nan)])
    assert torch.equal(value, before)
    assert bool(guard._flag)


def test_on_the_cpu_no_optimiser_makes_the_bad_update() -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.1)
    guard = choose_guard(optimizer, CPU)
    assert isinstance(guard, ReadingGuard)
    before = _bits(model)
    _step(model, optimizer, guard, math.nan)
    assert _bits(model) == before
    _step(model, optimizer, guard, 1.0)
    assert _bits(model) != before
