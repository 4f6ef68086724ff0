"""The settings of the balance between several losses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stride.config.schema_types import Frozen


class BalancingKwargs(Frozen):
    """How the named losses of a task become the one that is minimised."""

    method: Literal["fixed", "uncertainty", "gradnorm", "dynamic_average", "pcgrad"] | None = Field(
        default=None, description="how losses are balanced; null: they are added up"
    )
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={},
        description="factors of the losses by name, 1 where none is given; in val_loss too",
    )
    alpha: Annotated[float, Field(ge=0)] = Field(
        default=1.5, description="gradnorm: how strongly losses that lag behind are pulled along"
    )
    temperature: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="dynamic_average: a higher one makes the weights more alike"
    )
    lr: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="of the weights: gradnorm (null: 0.025), uncertainty (null: the optimizer's)",
    )
