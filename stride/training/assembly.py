"""From a config to all parts of a training, checked against each other before a run is claimed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from stride.config.schema import Config
from stride.errors import ConfigError
from stride.training.among_ranks import check_among_ranks, check_batch_norm, check_shares
from stride.training.balancing.build import build_balancing
from stride.training.batches.protocol import Batches
from stride.training.build import build_model_and_task
from stride.training.checkpoints.state_tree import check_encodable
from stride.training.closure import needs_closure
from stride.training.columns import check_column, columns_of
from stride.training.compiling import check_compiler
from stride.training.data import Data
from stride.training.early_stopping import build_early_stopping
from stride.training.evaluation import evaluation_mode
from stride.training.exponential_average import ExponentialAverage
from stride.training.given import Given
from stride.training.metric_state import read_metric_state
from stride.training.module_state import read_module_state
from stride.training.monitors import choose_monitors
from stride.training.optimization import build_optimizer, build_optimizers
from stride.training.parts import Parts, planned_steps, share_weights
from stride.training.precision import Precision
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.references import load_thing
from stride.training.scheduling import build_schedule
from stride.training.sharding.local import is_sharded
from stride.training.sharding.restrictions import check_sharding, is_mixed, slow_ways
from stride.training.sharding.sharding import Sharding
from stride.training.task import Task, modules_of


def build_parts(
    config: Config,
    data: Data,
    given: Given,
    device: torch.device,
    *,
    begun: int = 0,
    ranks: Ranks = ONE,
    sharding: Sharding | None = None,
    fill: Callable[[nn.Module, Task], None] = lambda model, task: None,
) -> tuple[Parts, dict[str, Any]]:
    """All that a training is made of, and what data and machine settled, by dotted key.

    Args:
        begun: optimiser steps that another run did before, which a schedule does not count.
        ranks: that train together.
        sharding: how they spread the model; None: each holds all of it.
        fill: changes the initial weights, before anything else sees them.

    Raises:
        ConfigError, CodeReferenceError: a part cannot be built from its arguments, or two do not
            go together.
    """
    given.put_back()
    fit, train = config.fit_kwargs, data.batches["train"]
    if fit.compile:
        check_compiler(device)
    model, task, settled = build_model_and_task(config, data.facts, given, device)
    _give_sizes(model, task, train)
    fill(model, task)
    share_weights(model, task, ranks)
    modules = modules_of(model, task)
    # What a checkpoint cannot hold is said now, and not at the first one.
    check_encodable({"modules": [read_module_state(each) for each in modules]})
    precision = Precision(fit.precision, device)
    if sharding is not None:
        sharding.shard(model, precision)
    settled |= {name: fact for name, fact in data.facts.items() if fact is not None}
    optimizers, found = _build_optimizers(config, given, model, task)
    settled |= {f"optimizer_kwargs.{name}": value for name, value in found.items()}
    if sharding is not None:
        check_sharding(
            fit,
            optimizers.values(),
            updates_itself=task.updates_itself,
            balancing=fit.balancing.method in ("gradnorm", "pcgrad"),
        )
    closure = any(needs_closure(each) for each in optimizers.values())
    _check_together(config, task, optimizers, closure=closure, handed_over="train" in given.loaders)
    check_among_ranks(fit, modules, ranks)
    if "train" not in given.loaders:
        check_shares(train, ranks)
        check_batch_norm(model, train, fit.accumulate, ranks)
    balancing = build_balancing(
        fit,
        config.seed,
        task,
        model,
        optimizers,
        device,
        handed_over=given.optimizer is not None,
        ranks=ranks,
    )
    has_val = "val" in data.batches
    metrics = task.metrics()
    columns = columns_of(metrics, has_val=has_val)
    monitors = choose_monitors(fit.monitors, task.monitor(), has_val=has_val)
    for monitor in monitors:
        check_column(monitor.column, columns, "fit_kwargs.monitors")
    if config.scheduler_kwargs.monitor is not None:
        check_column(config.scheduler_kwargs.monitor, columns, "scheduler_kwargs.monitor")
    settled["fit_kwargs.monitors"] = [f"{each.column}:{each.mode}" for each in monitors]
    planned = planned_steps(fit, train)
    schedule, found = build_schedule(
        config.scheduler_kwargs,
        list(optimizers.values()),
        steps_an_epoch=len(train),
        planned_steps=None if planned is None else max(planned - begun, 1),
        steps_an_evaluation=fit.evaluate_every,
        given=given.scheduler,
    )
    settled |= {f"scheduler_kwargs.{name}": value for name, value in found.items()}
    check_encodable(
        {"metrics": {name: read_metric_state(each, device) for name, each in metrics.items()}}
    )
    average = None
    if fit.ema.decay is not None:
        average = ExponentialAverage(modules, decay=fit.ema.decay, warmup=fit.ema.warmup)
    parts = Parts(
        seed=config.seed,
        ranks=ranks,
        device=device,
        train=train,
        val=data.batches.get("val"),
        test=data.batches.get("test"),
        model=model,
        task=task,
        optimizers=optimizers,
        closure=closure,
        may_split=ranks.world_size == 1 and _may_split(task, handed_over="train" in given.loaders),
        schedule=schedule,
        precision=precision,
        scaler=precision.build_scaler(),
        average=average,
        balancing=balancing,
        early_stopping=build_early_stopping(fit.early_stopping, monitors, columns),
        monitors=tuple(monitors),
        fit_kwargs=fit,
        checkpoint_kwargs=config.checkpoint_kwargs,
        log_kwargs=config.log_kwargs,
        sharding=sharding,
    )
    return parts, settled


def _give_sizes(model: nn.Module, task: Task, train: Batches) -> None:
    """Let lazy layers see a batch: what follows needs their weights."""
    parameters = [each for module in modules_of(model, task) for each in module.parameters()]
    if any(is_lazy(parameter) for parameter in parameters):
        with evaluation_mode(model, task), torch.no_grad():
            task.evaluate(model, next(iter(train.epoch(1))))


def _build_optimizers(
    config: Config, given: Given, model: nn.Module, task: Task
) -> tuple[dict[str, Optimizer], dict[str, Any]]:
    named = task.optimizers(model)
    if named and not task.updates_itself:
        raise ConfigError(
            f"{type(task).__name__} names the optimizers {', '.join(named)}, and must run its"
            " update itself: write its method `update`"
        )
    if given.optimizer is not None:
        if named:
            raise ConfigError(
                f"{type(task).__name__} names several optimizers, which are built from"
                " optimizer_kwargs: hand none over"
            )
        return {"": given.optimizer}, {}
    reference = load_thing("optimizer", config.optimizer_kwargs.name or "")
    arguments = config.optimizer_kwargs.arguments
    if any(map(is_sharded, model.parameters())):
        learned = config.fit_kwargs.balancing.method == "uncertainty"  # gets whole parameters later
        mixed = learned or is_mixed(modules_of(model, task))
        slow = slow_ways(config.optimizer_kwargs.name, mixed=mixed)
        arguments = {**arguments, **{name: False for name in slow if name in arguments}}
    if named:
        return build_optimizers(reference, arguments, named, model, task)
    optimizer, settled = build_optimizer(reference, arguments, model, task)
    return {"": optimizer}, settled


def _may_split(task: Task, *, handed_over: bool) -> bool:
    return task.divisible() and not task.updates_itself and not handed_over


def _check_together(
    config: Config,
    task: Task,
    optimizers: dict[str, Optimizer],
    *,
    closure: bool,
    handed_over: bool,
) -> None:
    """Refuse what does not go together.

    Raises:
        ConfigError: with what to do instead.
    """
    fit, name = config.fit_kwargs, type(task).__name__
    size = config.load_data_kwargs.train_loader_kwargs.batch_size
    if fit.accumulate > 1 and not _may_split(task, handed_over=handed_over):
        reason = f"{name} says that its loss is not a mean over samples (divisible)"
        if handed_over:
            reason = "a loader that was handed over cannot be cut; hand over its data set"
        elif task.updates_itself:
            reason = f"{name} runs the update itself, a whole batch at a time"
        raise ConfigError(f"fit_kwargs.accumulate must be 1: {reason}")
    if fit.accumulate > size and not handed_over:
        raise ConfigError(
            f"fit_kwargs.accumulate must be at most the batch_size of {size}, not {fit.accumulate}"
        )
    kind = type(next(iter(optimizers.values()))).__name__
    if closure and (fit.clip_norm is not None or fit.clip_value is not None):
        key = "clip_norm" if fit.clip_norm is not None else "clip_value"
        raise ConfigError(
            f"fit_kwargs.{key} must be null: {kind} compares the gradients of several evaluations,"
            " and clipped ones are those of another loss"
        )
    if closure and (task.updates_itself or fit.precision == "fp16"):
        with_what = "fit_kwargs.precision=fp16" if fit.precision == "fp16" else name
        raise ConfigError(
            f"optimizer_kwargs: {kind} evaluates the loss several times a step, which does not go"
            f" with {with_what}; choose another, such as AdamW"
        )
