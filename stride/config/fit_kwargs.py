"""The settings of the training loop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stride.config.balancing_kwargs import BalancingKwargs
from stride.config.schema_types import NO_CHANGE, Count, Frozen, Monitor, Threads


class EmaKwargs(Frozen):
    """The exponential moving average of the weights; evaluations and best weights use it."""

    decay: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="share of the average that a step keeps, as 0.999; null: off"
    )
    warmup: bool = Field(
        default=True, description="begin with a smaller decay: min(decay, (1 + n) / (10 + n))"
    )


class EarlyStoppingKwargs(Frozen):
    """The end of a training that no longer becomes better."""

    patience: Count | None = Field(
        default=None, description="evaluations without improvement that end it; null: off"
    )
    min_delta: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="change of the monitor that counts as improvement"
    )
    monitor: Monitor | None = Field(
        default=None, description="as val_loss:min; null: the first of the monitors"
    )


class FitKwargs(Frozen):
    """The training loop."""

    max_epochs: Count = Field(default=20, description="passes over the training data")
    max_steps: Count | None = Field(
        default=None, description="optimiser steps at most; null: no limit"
    )
    clip_norm: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="largest norm of the gradients; larger ones are scaled down; null: off",
    )
    clip_value: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="largest absolute value of a gradient element; larger ones are cut; null: off",
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32", description="of the computation; weights stay fp32"
    )
    accumulate: Count = Field(
        default=1, description="micro-batches that the batch of one optimiser step is cut into"
    )
    evaluate_every: Count | None = Field(
        default=None, description="steps between two evaluations; null: at the end of each epoch"
    )
    balancing: BalancingKwargs = BalancingKwargs()
    ema: EmaKwargs = EmaKwargs()
    early_stopping: EarlyStoppingKwargs = EarlyStoppingKwargs()
    monitors: list[Monitor] = Field(
        default=[],
        description="what decides the best weights, as val_accuracy:max; empty: the task's own",
    )
    on_nonfinite: Literal["stop", "skip", "ignore"] = Field(
        default="stop", description="what a loss or gradient that is nan or inf does"
    )
    on_out_of_memory: Literal["stop", "split"] = Field(
        default="stop", description="split: cut the batch into more micro-batches, and go on"
    )
    compile: bool = Field(default=False, description="torch.compile the model")
    deterministic: bool = Field(
        default=False, description="only algorithms of torch that give the same bits each time"
    )
    threads: Threads | None = Field(
        default=None,
        description="CPU threads of torch; null: torch's default",
        json_schema_extra=NO_CHANGE,
    )
