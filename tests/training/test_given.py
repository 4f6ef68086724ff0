"""Objects in place of names: put back into the state in which they were handed over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.given import Given, name_of, take_objects
from stride.training.output import Output
from stride.training.supervised import Supervised
from stride.training.task import Task


class Counting(Task):
    """A task that remembers."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def step(self, model: nn.Module, batch: Any) -> Output:
        self.seen.append(1)
        return Output(model(batch).sum())


def _model() -> nn.Module:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model[0].bias.requires_grad = False
    model[1].eval()
    return model


def _bits(module: nn.Module) -> list[list[float]]:
    return [tensor.flatten().tolist() for tensor in module.state_dict().values()]


def test_model_task_optimiser_and_scheduler_are_put_back_after_a_training() -> None:
    model, task = _model(), Counting()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    given = Given(model=model, task=task, optimizer=optimizer, scheduler=scheduler)
    before = _bits(model)
    model.train()
    task.step(model, torch.randn(4, 2)).losses.backward()  # type: ignore[union-attr]
    optimizer.step()
    scheduler.step()
    model[0].bias.requires_grad = True
    assert _bits(model) != before
    given.put_back()
    assert _bits(model) == before
    assert [part.training for part in model.modules()] == [True, True, False]
    assert not model[0].bias.requires_grad
    assert (optimizer.param_groups[0]["lr"], optimizer.state_dict()["state"]) == (0.1, {})
    assert scheduler.last_epoch == 0
    assert task.seen == []


def test_the_state_kept_is_no_part_of_what_is_trained() -> None:
    model = nn.Linear(1, 1)
    given = Given(model=model, task=Supervised("MSELoss"))
    for _ in range(2):
        with torch.no_grad():
            model.weight.add_(1.0)
        changed = _bits(model)
        given.put_back()
        assert _bits(model) != changed
    assert given.names()["model_kwargs"] == {"model_name": "object:torch.nn.modules.linear.Linear"}


def test_what_only_goes_together_is_asked_for_together() -> None:
    model, other = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with pytest.raises(ConfigError, match=r"optimizer .* needs its model"):
        Given(optimizer=optimizer)
    with pytest.raises(ConfigError, match=r"scheduler .* needs its own optimizer"):
        Given(model=model, scheduler=scheduler)
    with pytest.raises(ConfigError, match="no split 'valid': the splits are train, val, test"):
        Given(loaders={"valid": []})


def test_objects_are_taken_from_where_names_stand() -> None:
    model = nn.Linear(1, 1)
    groups = {"model_kwargs": {"model_name": model}, "dataset_kwargs": {"dataset_name": "digits"}}
    plain, objects = take_objects({**groups, "seed": 3})
    assert objects == {"model": model}
    assert plain == {
        "model_kwargs": {},
        "dataset_kwargs": {"dataset_name": "digits"},
        "seed": 3,
    }


def test_a_class_is_named_by_its_module_and_built_anew() -> None:
    plain, objects = take_objects({"model_kwargs": {"model_name": nn.Linear, "in_features": 2}})
    assert objects == {}
    assert plain["model_kwargs"] == {
        "model_name": "torch.nn.modules.linear:Linear",
        "in_features": 2,
    }


def test_a_class_that_no_later_process_could_find_is_refused() -> None:
    class Local(nn.Module):
        """Defined inside a function."""

    with pytest.raises(ConfigError, match="Local is defined where no later process finds it"):
        take_objects({"model_kwargs": {"model_name": Local}})
    assert name_of(Local()).startswith("object:")
