"""The quick step of an optimiser: the same weights, and nobody who watches is left out."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stride.training.quick_step import quick_step

KINDS: list[tuple[Any, dict[str, Any]]] = [
    (torch.optim.AdamW, {"fused": True}),
    (torch.optim.AdamW, {}),
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.RMSprop, {}),
]


def _trained(kind: Any, arguments: dict[str, Any], *, quick: bool) -> list[Tensor]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = kind(model.parameters(), lr=0.1, **arguments)
    step = quick_step(optimizer) if quick else optimizer.step
    for _ in range(5):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).square().sum().backward()
        step()
    return list(model.parameters())


@pytest.mark.parametrize(("kind", "arguments"), KINDS)
def test_the_weights_are_those_of_the_plain_step(kind: Any, arguments: dict[str, Any]) -> None:
    plain, quick = (_trained(kind, arguments, quick=quick) for quick in (False, True))
    assert all(torch.equal(one, other) for one, other in zip(plain, quick, strict=True))


def test_hooks_are_called_also_those_that_come_later() -> None:
    model = nn.Linear(1, 1)
    model(torch.ones(1, 1)).sum().backward()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = quick_step(optimizer)
    seen: list[str] = []
    step()
    before = optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    step()
    before.remove()
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    step()
    assert seen == ["before", "after"]


def test_a_scheduler_sees_that_the_optimiser_has_stepped() -> None:
    model = nn.Linear(1, 1)
    model(torch.ones(1, 1)).sum().backward()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    quick_step(optimizer)()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


def test_a_profiler_sees_the_step() -> None:
    model = nn.Linear(1, 1)
    model(torch.ones(1, 1)).sum().backward()
    step = quick_step(torch.optim.SGD(model.parameters(), lr=0.1))
    with torch.profiler.profile(acc_events=True) as profile:
        step()
    assert any("Optimizer.step#SGD.step" in event.key for event in profile.key_averages())


class OwnSGD(torch.optim.SGD):
    """Another step around torch's."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        return super().step(closure)


def test_an_optimiser_of_ones_own_is_called_as_it_is() -> None:
    model = nn.Linear(1, 1)
    model(torch.ones(1, 1)).sum().backward()
    optimizer = OwnSGD(model.parameters(), lr=0.1)
    quick_step(optimizer)()
    assert optimizer.steps == 1
