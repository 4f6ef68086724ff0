"""Optimisers: fused where torch can, several by name, and a sentence where they refuse."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.builtin_things import builtin_things
from stride.training.closure import needs_closure
from stride.training.optimization import build_optimizer, build_optimizers, trained_parameters
from stride.training.output import Output
from stride.training.references import load_thing
from stride.training.task import Task


class Plain(Task):
    """A task without parameters."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        return Output(model(batch).sum())


class Slow(Plain, nn.Module):
    """A task with parameters, and a learning rate of its own for them."""

    def __init__(self) -> None:
        super().__init__()
        self.margin = nn.Parameter(torch.ones(1))

    def parameter_groups(self, model: nn.Module) -> Iterable[Any]:
        return [{"params": list(model.parameters())}, {"params": [self.margin], "lr": 1e-5}]


def _build(
    name: str = "AdamW", model: nn.Module | None = None, task: Task | None = None, **arguments: Any
) -> tuple[torch.optim.Optimizer, dict[str, Any]]:
    model, task = model or nn.Linear(2, 2), task or Plain()
    return build_optimizer(load_thing("optimizer", name), arguments, model, task)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD", "Adagrad"])
def test_an_optimiser_is_fused_where_torch_has_that_and_nobody_chose(name: str) -> None:
    optimizer, settled = _build(name, lr=0.1, fused=None)
    assert settled == {"fused": True}
    assert optimizer.defaults["fused"] is True


@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        ({"fused": False}, nn.Linear(1, 1)),
        ({"fused": None, "foreach": True}, nn.Linear(1, 1)),
        ({"fused": None}, nn.Embedding(3, 2, sparse=True)),
        ({"fused": None}, nn.Linear(1, 1, dtype=torch.complex64)),
    ],
)
def test_it_is_not_where_somebody_chose_or_it_could_not_work(
    arguments: dict[str, Any], model: nn.Module
) -> None:
    optimizer, settled = _build("SGD", model, lr=0.1, **arguments)
    assert settled == {}
    assert not optimizer.defaults["fused"]


def test_an_optimiser_that_knows_nothing_of_it_is_built_as_it_is() -> None:
    optimizer, settled = _build("RMSprop", lr=0.1)
    assert isinstance(optimizer, torch.optim.RMSprop)
    assert settled == {}


def test_the_parameters_of_a_task_are_trained_in_groups_of_its_own() -> None:
    task = Slow()
    optimizer, _ = _build(task=task, lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 1e-5]
    assert any(parameter is task.margin for parameter in trained_parameters(optimizer))


def test_frozen_parameters_are_given_to_the_optimiser_too() -> None:
    model = nn.Linear(2, 2)
    model.bias.requires_grad = False
    optimizer, _ = _build(model=model, lr=0.1)
    assert len(trained_parameters(optimizer)) == 2


def test_what_cannot_be_trained_or_built_is_refused() -> None:
    with pytest.raises(ConfigError, match="Identity has no parameters"):
        _build(model=nn.Identity())
    with pytest.raises(ConfigError, match=r"optimizer_kwargs: AdamW refuses its arguments: .*-1"):
        _build(lr=-1.0)
    with pytest.raises(ConfigError, match="refuses its arguments"):
        _build("Adam", lr=0.1, fused=None, betas=[2.0, 0.9])


def test_groups_keep_their_own_settings_where_a_fused_optimiser_was_tried_in_vain() -> None:
    class Mixed(Plain):
        def parameter_groups(self, model: nn.Module) -> Iterable[Any]:
            yield {"params": model.parameters(), "lr": 0.5}  # can be gone through but once

    model = nn.Linear(2, 2)
    # Refused by fused optimisers alone, and only when they are built.
    optimizer, settled = _build("Adam", model, Mixed(), lr=torch.tensor(0.1), fused=None)
    assert [(group["lr"], len(group["params"])) for group in optimizer.param_groups] == [(0.5, 2)]
    assert settled == {"fused": True}


def test_several_optimisers_are_of_one_kind_with_parameters_of_their_own() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(3, 3)
    groups: dict[str, Iterable[Any]] = {
        "generator": list(first.parameters()),
        "critic": [{"params": second.parameters(), "lr": 0.5}],
    }
    optimizers, settled = build_optimizers(
        load_thing("optimizer", "Adam"),
        {"lr": 0.1, "fused": None},
        groups,
        nn.ModuleList([first, second]),
        Plain(),
    )
    assert settled == {"fused": True}
    assert {name: each.param_groups[0]["lr"] for name, each in optimizers.items()} == {
        "generator": 0.1,
        "critic": 0.5,
    }
    assert trained_parameters(optimizers["critic"]) == list(second.parameters())
    with pytest.raises(ConfigError, match="Plain gives the optimizer 'critic' no parameters"):
        build_optimizers(
            load_thing("optimizer", "Adam"), {}, {**groups, "critic": []}, first, Plain()
        )


def test_only_an_optimiser_that_evaluates_the_loss_itself_needs_a_closure() -> None:
    for name in builtin_things("optimizer"):
        model = nn.Linear(2, 2, bias=False)  # Muon takes matrices only
        assert needs_closure(_build(name, model)[0]) == (name == "LBFGS")


def test_lbfgs_takes_one_group_of_parameters() -> None:
    with pytest.raises(ConfigError, match=r"LBFGS refuses its arguments: .*per-parameter options"):
        _build("LBFGS", task=Slow())


@pytest.mark.parametrize("name", ["AdamW", "SGD", "RMSprop"])
def test_a_part_is_frozen_and_unfrozen_while_its_optimiser_has_it(name: str) -> None:
    torch.manual_seed(0)
    part = nn.Linear(2, 2)
    model = nn.Sequential(part, nn.Linear(2, 1))
    optimizer, _ = _build(name, model, lr=0.1, weight_decay=0.1)
    frozen = copy.deepcopy(part.state_dict())

    def step() -> None:
        model(torch.ones(4, 2)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    part.requires_grad_(False)
    step()
    # Neither weight decay nor momentum moves what gets no gradient.
    assert all(torch.equal(frozen[key], value) for key, value in part.state_dict().items())
    part.requires_grad_(True)
    step()
    assert not torch.equal(frozen["weight"], part.weight)
    part.requires_grad_(False)
    frozen = copy.deepcopy(part.state_dict())
    step()
    assert all(torch.equal(frozen[key], value) for key, value in part.state_dict().items())
