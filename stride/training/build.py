"""From a config to the parts of a training: model, task, optimiser, scheduler, monitors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from stride.config.schema import Config
from stride.errors import ConfigError
from stride.training.batches.protocol import Batches
from stride.training.columns import check_column, columns_of
from stride.training.data import Data
from stride.training.given import Given
from stride.training.monitors import choose_monitors
from stride.training.optimization import build_optimizer
from stride.training.parts import Parts
from stride.training.references import load_thing
from stride.training.schedule import Schedule
from stride.training.scheduling import build_schedule
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


def build_parts(
    config: Config, data: Data, given: Given, device: torch.device
) -> tuple[Parts, dict[str, Any]]:
    """All that a training is made of, and what data and machine settled, by dotted key.

    Raises:
        ConfigError, CodeReferenceError: a part cannot be built from its arguments.
    """
    given.put_back()
    model, task, settled = build_model_and_task(config, data.facts, given, device)
    settled |= {name: fact for name, fact in data.facts.items() if fact is not None}
    optimizer = given.optimizer
    if optimizer is None:
        reference = load_thing("optimizer", config.optimizer_kwargs.name or "")
        arguments = config.optimizer_kwargs.arguments
        optimizer, found = build_optimizer(reference, arguments, model, task)
        settled |= {f"optimizer_kwargs.{name}": value for name, value in found.items()}
    if "train" not in given.loaders:
        _check_batch_norm(model, data.batches["train"])
    has_val = "val" in data.batches
    columns = columns_of(task.metrics(), has_val=has_val)
    monitors = choose_monitors(config.fit_kwargs.monitors, task.monitor(), has_val=has_val)
    for monitor in monitors:
        check_column(monitor.column, columns, "fit_kwargs.monitors")
    if config.scheduler_kwargs.monitor is not None:
        check_column(config.scheduler_kwargs.monitor, columns, "scheduler_kwargs.monitor")
    settled["fit_kwargs.monitors"] = [f"{each.column}:{each.mode}" for each in monitors]
    parts = Parts(
        device=device,
        train=data.batches["train"],
        val=data.batches.get("val"),
        test=data.batches.get("test"),
        model=model,
        task=task,
        optimizer=optimizer,
        schedule=Schedule(),
        monitors=tuple(monitors),
        fit_kwargs=config.fit_kwargs,
        log_kwargs=config.log_kwargs,
    )
    schedule, found = _build_schedule(config, given, parts)
    settled |= {f"scheduler_kwargs.{name}": value for name, value in found.items()}
    return dataclasses.replace(parts, schedule=schedule), settled


def _check_batch_norm(model: nn.Module, batches: Batches) -> None:
    """Whether every batch gives batch norm over features something to take a spread of.

    Raises:
        ConfigError: a batch has one sample; torch would refuse it in the middle of the epoch.
    """
    size, samples = batches.batch_size, batches.samples
    alone = size == 1 or (size > 1 and samples % size == 1)
    last_is_kept = len(batches) * size >= samples
    normalises = any(isinstance(part, nn.BatchNorm1d) for part in model.modules())
    if alone and last_is_kept and normalises:
        raise ConfigError(
            f"the last batch of an epoch would have 1 sample ({samples} in batches of {size}), and"
            " the model has batch norm, which needs 2: set"
            " load_data_kwargs.train_loader_kwargs.drop_last=true or another batch_size"
        )


def _build_schedule(config: Config, given: Given, parts: Parts) -> tuple[Schedule, dict[str, Any]]:
    return build_schedule(
        config.scheduler_kwargs,
        [parts.optimizer],
        steps_an_epoch=len(parts.train),
        planned_steps=parts.planned_steps,
        given=given.scheduler,
    )
