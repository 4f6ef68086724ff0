"""Optimisers and schedulers: fused where torch can, and a sentence where they refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.optimization import build_optimizer, build_scheduler, trained_parameters
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


@pytest.mark.parametrize(
    ("name", "arguments", "settled"),
    [
        ("CosineAnnealingLR", {"T_max": None}, {"T_max": 30}),
        ("CosineAnnealingLR", {"T_max": 7}, {}),
        ("OneCycleLR", {"max_lr": 1.0, "total_steps": None, "epochs": None}, {"total_steps": 30}),
        ("OneCycleLR", {"max_lr": 1.0, "total_steps": None, "epochs": 2, "steps_per_epoch": 3}, {}),
        ("StepLR", {"step_size": 3}, {}),
    ],
)
def test_the_length_of_a_schedule_follows_from_the_training_unless_chosen(
    name: str, arguments: dict[str, Any], settled: dict[str, int]
) -> None:
    optimizer, _ = _build(lr=0.1)
    reference = load_thing("scheduler", name)
    scheduler, found = build_scheduler(reference, arguments, optimizer, horizon=30)
    assert type(scheduler).__name__ == name
    assert found == settled


def test_a_scheduler_that_refuses_its_arguments_is_named() -> None:
    optimizer, _ = _build(lr=0.1)
    with pytest.raises(ConfigError, match=r"scheduler_kwargs: ReduceLROnPlateau refuses.*Factor"):
        arguments = {"factor": 2.0}
        reference = load_thing("scheduler", "ReduceLROnPlateau")
        build_scheduler(reference, arguments, optimizer, horizon=1)
