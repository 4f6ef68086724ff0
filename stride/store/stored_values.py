"""Values as strict JSON stores them: nan and infinities as strings, numbers of libraries plain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import Any

from stride.files import encode_number

Number = float | str
"""A number as it is stored: itself, or "nan", "inf", "-inf"; see `stride.files.decode_number`."""


def storable(value: Any) -> Any:
    """The same tree as strict JSON has it: nan and the infinities as strings, tuples as lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else encode_number(value)
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def stored_metrics(metrics: Mapping[str, Number]) -> dict[str, Number]:
    """Metrics as they are stored; numbers of other libraries (NumPy, torch) become plain ones."""
    return {name: stored_number(value) for name, value in metrics.items()}


def stored_number(value: Number) -> Number:
    """One number as it is stored: a whole one that a float holds exactly stays whole."""
    if isinstance(value, Integral) and abs(value) <= 2**53:
        return int(value)
    try:
        return encode_number(float(value))
    except OverflowError:
        return "-inf" if str(value).startswith("-") else "inf"
