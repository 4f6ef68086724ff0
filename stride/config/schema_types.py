"""What every group of the schema is made of: a strict, frozen base and the types of fields."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Json = dict[str, Any]

NO_CHANGE: Final[dict[str, Any]] = {"changes_result": False}
"""Marks a field that decides where and how fast, never what comes out."""


def _check_monitor(text: str) -> str:
    if not re.fullmatch(r"[^\s:]+:(min|max)", text):
        raise ValueError("must be a metric and its direction, as in val_accuracy:max")
    return text


Monitor = Annotated[str, AfterValidator(_check_monitor)]
Count = Annotated[int, Field(ge=1)]
Threads = Annotated[int, Field(ge=1, le=1024)]  # torch dies of a number that no machine can start


class Frozen(BaseModel):
    """A group of settings: no field can be set, no unknown one given, no value converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
