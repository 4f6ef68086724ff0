from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.config.fit_kwargs import FitKwargs
from stride.errors import ConfigError
from stride.training.sharding.restrictions import _BY_NUMBER, check_sharding, is_mixed
from tests.training.sharding.models import all_ranks, build, build_sharded
from tests.training.sharding.ranks import on_ranks
from tests.training.sharding.test_shard_model import whole


def check(optimizer: str = "AdamW", **others: Any) -> None:
    model = nn.Linear(3, 3, bias=False)
    flags = {name: others.pop(name, False) for name in ("updates_itself", "balancing")}
    built = getattr(torch.optim, optimizer)(model.parameters(), lr=0.1)
    check_sharding(FitKwargs(**others), [built], **flags)


def test_an_ordinary_training_may_be_sharded():
    check()
    check("SGD", precision="bf16", clip_norm=1.0)


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"precision": "fp16"}, "fp16 cannot be sharded.*use bf16, or"),
        ({"compile": True}, "fit_kwargs.compile cannot be sharded"),
        ({"balancing": True}, "balanced by their gradients"),
        ({"updates_itself": True}, "runs its update itself"),
        ({"optimizer": "LBFGS"}, "LBFGS, which evaluates the loss by itself"),
        ({"optimizer": "Muon"}, "Muon cannot be sharded"),
        ({"optimizer": "Adafactor"}, "Adafactor cannot be sharded"),
    ],
)
def test_what_cannot_be_sharded_is_refused_with_a_way_out(others: dict[str, Any], sentence: str):
    with pytest.raises(ConfigError, match=f"{sentence}.*distributed_kwargs.strategy=replicate"):
        check(**others)


def update_with_each() -> dict[str, float]:
    """How far each optimiser is from one process; parameters and gradients are the same."""
    mesh = all_ranks()
    differences = {}
    for name in sorted(_BY_NUMBER):
        model, alone = build_sharded(mesh), build()
        task = nn.Linear(2, 2)  # is whole on each rank
        other = nn.Linear(2, 2)
        other.load_state_dict(task.state_dict())
        mixed = is_mixed([model, task])
        for modules, arguments in (((model, task), {"foreach": False}), ((alone, other), {})):
            own = [each for module in modules for each in module.parameters()]
            optimizer = getattr(torch.optim, name)(own, lr=0.01, **arguments)
            for _ in range(2):
                for parameter in own:
                    parameter.grad = parameter.detach() * 0.5 + 0.1
                optimizer.step()
        differences[name] = max(
            (whole(mine.detach()) - its.detach()).abs().max().item()
            for mine, its in zip(
                [*model.parameters(), *task.parameters()],
                [*alone.parameters(), *other.parameters()],
                strict=True,
            )
        )
        assert mixed and not is_mixed([model]) and not is_mixed([task])
    return differences


def test_the_optimisers_that_are_let_through_update_parts_as_they_update_the_whole():
    for differences in on_ranks(2, update_with_each):
        assert max(differences.values()) < 1e-6
