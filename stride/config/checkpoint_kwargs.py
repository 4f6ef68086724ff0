"""The settings of checkpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stride.config.schema_types import NO_CHANGE, Count, Frozen


class CheckpointKwargs(Frozen):
    """When checkpoints are written, and which are kept."""

    every_epochs: Count | None = Field(
        default=1, description="epochs between two checkpoints", json_schema_extra=NO_CHANGE
    )
    every_steps: Count | None = Field(
        default=None, description="steps between two checkpoints", json_schema_extra=NO_CHANGE
    )
    every_minutes: Annotated[float, Field(gt=0)] | None = Field(
        default=15.0,
        description="minutes without a checkpoint after which one is written",
        json_schema_extra=NO_CHANGE,
    )
    keep: Count = Field(
        default=2, description="newest checkpoints that are kept", json_schema_extra=NO_CHANGE
    )
    keep_every_epochs: Count | None = Field(
        default=None,
        description="those at the end of every n-th epoch are kept too",
        json_schema_extra=NO_CHANGE,
    )
    keep_every_steps: Count | None = Field(
        default=None,
        description="those whose step is a multiple of this are kept too",
        json_schema_extra=NO_CHANGE,
    )
    keep_best: bool = Field(
        default=False,
        description="the newest one taken when the first monitor was best is kept too",
        json_schema_extra=NO_CHANGE,
    )
    background: bool = Field(
        default=True,
        description="write while training goes on, from a copy of the state in memory",
        json_schema_extra=NO_CHANGE,
    )
