"""The settings of logs, progress and watchers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from stride.config.schema_types import NO_CHANGE, Count, Frozen


class LogKwargs(Frozen):
    """What is written while training, and how often."""

    every: Count = Field(
        default=50, description="steps between two rows of steps.csv", json_schema_extra=NO_CHANGE
    )
    progress: bool = Field(
        default=True, description="show progress and epoch lines", json_schema_extra=NO_CHANGE
    )
    level: Literal["DEBUG", "INFO", "WARNING"] = Field(
        default="INFO", description="the least that goes to run.log", json_schema_extra=NO_CHANGE
    )
    callbacks: list[Any] = Field(
        default=[],
        description="watchers: tensorboard, your own, or {callback_name: ..., arguments}",
        json_schema_extra={**NO_CHANGE, "elements": "callback"},
    )
