"""Value means: the mean of a metric for each value of a config key, or for ranges of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.report.measured import Mean, mean_of
from stride.report.ordered_values import is_number, place_of
from stride.report.setting_columns import SettingColumn

MOST_VALUES: Final = 8
"""Distinct numbers of a key beyond which they are put into ranges."""

_RANGES: Final = 4


@dataclass(frozen=True)
class ValueMean:
    """The mean of the metric over the runs with a value of a key, or with one in a range.

    Attributes:
        value: ABSENT for runs that do not have the key; the lower end of a range.
        until: the upper end, which belongs to it; None where it is no range.
    """

    value: Any
    until: Any
    mean: Mean


def value_means(column: SettingColumn, values: Sequence[float]) -> list[ValueMean]:
    """The mean of the metric for each value of a key; of many numbers, for a few ranges."""
    by_code: dict[int, list[float]] = {}
    for code, value in zip(column.codes, values, strict=True):
        by_code.setdefault(code, []).append(value)
    codes = sorted(by_code, key=lambda code: place_of(column.values[code]))
    numbers = [code for code in codes if is_number(column.values[code])]
    if len(numbers) <= MOST_VALUES:
        return [ValueMean(column.values[c], None, mean_of(by_code[c])) for c in codes]
    found = [
        ValueMean(column.values[c], None, mean_of(by_code[c]))
        for c in codes
        if not is_number(column.values[c])
    ]
    total = sum(len(by_code[code]) for code in numbers)
    ranges: list[list[int]] = [[] for _ in range(_RANGES)]
    seen = 0
    for code in numbers:
        ranges[min(_RANGES - 1, seen * _RANGES // total)].append(code)
        seen += len(by_code[code])
    for part in filter(None, ranges):
        inside = [value for code in part for value in by_code[code]]
        ends = column.values[part[0]], column.values[part[-1]]
        found.append(ValueMean(ends[0], ends[1] if len(part) > 1 else None, mean_of(inside)))
    return found
