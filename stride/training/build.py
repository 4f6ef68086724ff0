"""From a config to the model and the task, on their device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from stride.config.schema import Config
from stride.training.given import Given
from stride.training.seeding import derive, seed_globally
from stride.training.task import Task, modules_of
from stride.training.things import build_thing
from stride.training.weights import check_storable


def build_model_and_task(
    config: Config,
    facts: Mapping[str, Any],
    given: Given,
    device: torch.device,
    *,
    code: Path | None = None,
) -> tuple[nn.Module, Task, dict[str, Any]]:
    """The model and the task on the device, and what was settled for them, by dotted key.

    Initial weights are a function of the seed alone: the global generators are seeded here.

    Args:
        facts: of the data; or what a run's record holds as `resolved`, which also says what was
            settled then.
        code: a folder to take the user's own code from, instead of where it was.

    Raises:
        ConfigError, CodeReferenceError: one cannot be built from its arguments.
    """
    seed_globally(derive(config.seed, "model"))
    settled: dict[str, Any] = {}
    model = given.model
    if model is None:
        model, found = build_thing(
            "model", config.model_kwargs, _for("model_kwargs", facts), code=code
        )
        settled |= {f"model_kwargs.{name}": value for name, value in found.items()}
    task = given.task
    if task is None:
        task, found = build_thing("task", config.task_kwargs, _for("task_kwargs", facts), code=code)
        settled |= {f"task_kwargs.{name}": value for name, value in found.items()}
    assert model is not None and task is not None
    chosen = config.task_kwargs.arguments
    settled |= {
        f"task_kwargs.{name}": value
        for name, value in task.settled().items()
        if name in chosen and chosen[name] is None
    }
    for module in modules_of(model, task):
        module.to(device)
    check_storable(model, task)
    return model, task, settled


def _for(group: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, and before them what was settled for this group already."""
    own = {
        key.removeprefix(f"{group}."): value
        for key, value in facts.items()
        if key.startswith(f"{group}.")
    }
    return {**facts, **own}
