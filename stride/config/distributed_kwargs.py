"""The settings of several processes that train together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stride.config.schema_types import Frozen


class DistributedKwargs(Frozen):
    """How ranks share the work; without several ranks nothing of it matters."""

    strategy: Literal["replicate", "shard"] = Field(
        default="replicate",
        description="replicate: each rank holds all weights; shard: a part of them (FSDP2)",
    )
    shard: list[str] = Field(
        default=[],
        description="classes of modules that are sharded one by one; empty: each repeated block",
    )
    activation_checkpointing: bool = Field(
        default=False,
        description="forget what sharded blocks compute, and compute it again going backward",
    )
