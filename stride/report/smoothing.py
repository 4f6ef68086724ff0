"""Smoothing of a curve: an exponential moving average without the bias of its beginning."""

from __future__ import annotations

import math
from collections.abc import Iterable

from stride.errors import UsageError


def smoothed(values: Iterable[float], weight: float) -> list[float]:
    """The average of what came so far, the newest weighing most.

    As TensorBoard does it: with w the weight and y_i the i-th finite value, s_0 = 0,
    s_i = w s_{i-1} + (1 - w) y_i, and the smoothed value is s_i / (1 - w^i); without the division,
    which is Adam's correction of the bias (Kingma and Ba 2015, section 3), a curve would begin near
    0. nan and the infinities stay where they are and enter no average.

    Args:
        weight: from 0, which changes nothing, to below 1.

    Raises:
        UsageError: of the weight.
    """
    if not 0 <= weight < 1:
        raise UsageError(f"smoothing is a number from 0 to below 1, not {weight:g}")
    if weight == 0:
        return list(values)
    found: list[float] = []
    average = 0.0
    power = 1.0
    for value in values:
        if math.isfinite(value):
            average = weight * average + (1 - weight) * value
            power *= weight
            found.append(average / (1 - power))
        else:
            found.append(value)
    return found
