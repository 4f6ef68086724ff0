"""Ordered values: config keys as methods of statistics take them, as ranks or as mere names."""

from __future__ import annotations

from collections import Counter
from typing import Any

from stride.config.differences import ABSENT
from stride.report.setting_columns import SettingColumn


def pattern_of(column: SettingColumn) -> tuple[Any, ...]:
    """Equal for columns that always change together.

    Numbers that hardly ever repeat, as a random search has them, change together only where one
    rises or falls with the other.
    """
    if len(set(column.codes)) > len(column.codes) / 2:
        ranks = ranks_of(column)
        return ("order", *min(ranks, [max(ranks) - rank for rank in ranks]))
    first: dict[int, int] = {}
    return ("groups", *(first.setdefault(code, len(first)) for code in column.codes))


def filled(column: SettingColumn) -> SettingColumn:
    """With the most frequent value where a run does not have the key.

    An argument of one model is absent wherever another model is named: what the name did must not
    be put down to the argument.
    """
    there = [code for code in column.codes if column.values[code] is not ABSENT]
    if len(there) == len(column.codes):
        return column
    usual = Counter(there).most_common(1)[0][0]  # of several the first
    codes = tuple(usual if column.values[code] is ABSENT else code for code in column.codes)
    return SettingColumn(column.key, codes, column.values)


def ranks_of(column: SettingColumn) -> list[int]:
    """Numbers by their rank among those that there are: equal steps, whatever their scale."""
    used = sorted(set(column.codes), key=lambda code: place_of(column.values[code]))
    rank = {code: place for place, code in enumerate(used)}
    return [rank[code] for code in column.codes]


def is_ordered(column: SettingColumn) -> bool:
    """Whether a key has numbers; besides them it may be null or absent."""
    values = [column.values[code] for code in set(column.codes)]
    numbers = sum(map(is_number, values))
    return numbers > 1 and all(v is None or v is ABSENT or is_number(v) for v in values)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def place_of(value: Any) -> tuple[int, float, str]:
    """What values are sorted by: absent, null, numbers, then all else by length and text."""
    if is_number(value):
        return (2, value, "")
    length = len(value) if isinstance(value, list) else 0
    return (0 if value is ABSENT else 1 if value is None else 3, length, str(value))
