"""Neighbours: runs that differ from one run in a single setting, and what that did to a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stride.config.differences import ABSENT
from stride.config.differing_keys import governed_by, is_name
from stride.report.measured import Mean, Measured, difference_of, is_finite, mean_of
from stride.report.setting_columns import (
    SEED,
    SettingColumn,
    hashable,
    setting_column,
    varying_columns,
)
from stride.store.index.column import MISSING


@dataclass(frozen=True)
class Repeats:
    """Runs of the same settings, the seed aside.

    Attributes:
        rows: of the table, those with a finite value.
        values: mean by seed.
    """

    rows: tuple[int, ...]
    values: dict[Any, float]

    @property
    def mean(self) -> Mean:
        return mean_of([*self.values.values()])


@dataclass(frozen=True)
class Neighbour:
    """One change of the settings.

    Attributes:
        key: that changed. before, after: its values; ABSENT where a run has none.
        following: further keys that changed with a name: key to the values before and after.
        effect: by how much the metric is larger than that of the run.
        paired: whether runs of the same seed were compared.
    """

    key: str
    before: Any
    after: Any
    following: dict[str, tuple[Any, Any]]
    repeats: Repeats
    effect: Mean
    paired: bool


@dataclass(frozen=True)
class Neighbourhood:
    """A run among the runs around it.

    Attributes:
        own: the run and its repeats with other seeds.
        neighbours: the best change first, where it is known whether more is better; else the
            largest.
        mode: "min" or "max"; None where that is not known.
        nearest: keys in which the nearest runs differ, where no run differs in just one.
        without_value: rows that differ in one key and are completed, but have no finite value.
    """

    own: Repeats
    neighbours: tuple[Neighbour, ...]
    mode: str | None
    nearest: tuple[str, ...]
    without_value: tuple[int, ...]


def find_neighbours(measured: Measured, row: int, *, unfinished: bool = False) -> Neighbourhood:
    """Find the neighbours of a run that has a finite value.

    Args:
        row: of the run.
        unfinished: whether runs that are not completed count as well.
    """
    table = measured.table
    rows = [r for r in range(len(table)) if unfinished or measured.completed[r] or r == row]
    columns = varying_columns(table, rows)
    seeds = setting_column(table, rows, SEED)
    groups: dict[tuple[int, ...], list[int]] = {}
    patterns = (
        zip(*(column.codes for column in columns), strict=True) if columns else [()] * len(rows)
    )
    for place, pattern in enumerate(patterns):
        groups.setdefault(pattern, []).append(place)
    own_place = rows.index(row)
    own_pattern = tuple(column.codes[own_place] for column in columns)

    def repeats(places: Sequence[int]) -> Repeats:
        return _repeats(measured, rows, seeds, places)

    own = repeats(groups[own_pattern])
    chosen = _Chosen(measured, rows)
    found: list[Neighbour] = []
    without_value: list[int] = []
    nearest: tuple[str, ...] = ()
    for pattern, places in groups.items():
        if pattern == own_pattern:
            continue
        pairs = zip(columns, own_pattern, pattern, strict=True)
        differing = {c.key: (c.values[a], c.values[b]) for c, a, b in pairs if a != b}
        telling = _telling(differing, chosen.of(groups[own_pattern]) | chosen.of(places))
        if not nearest or len(telling) < len(nearest):
            nearest = tuple(telling)
        if len(telling) != 1:
            continue
        there = repeats(places)
        if not there.rows:
            without_value += [rows[place] for place in places]
            continue
        key = telling[0]
        effect, paired = difference_of(own.values, there.values)
        following = {k: pair for k, pair in differing.items() if k != key}
        found.append(Neighbour(key, *differing[key], following, there, effect, paired))
    modes = measured.modes()
    mode = modes.pop() if len(modes) == 1 else None
    sign = {"min": 1, "max": -1}.get(mode or "", 0)
    found.sort(key=lambda n: sign * n.effect.value if sign else -abs(n.effect.value))
    return Neighbourhood(own, tuple(found), mode, () if found else nearest, tuple(without_value))


def _repeats(
    measured: Measured, rows: Sequence[int], seeds: SettingColumn, places: Sequence[int]
) -> Repeats:
    by_seed: dict[int, list[float]] = {}
    usable = [place for place in places if is_finite(measured.values[rows[place]])]
    for place in usable:
        by_seed.setdefault(seeds.codes[place], []).append(measured.values[rows[place]] or 0.0)
    values = {hashable(seeds.values[code]): mean_of(each).value for code, each in by_seed.items()}
    return Repeats(tuple(rows[place] for place in usable), values)


class _Chosen:
    """The keys that people chose, for some of the rows."""

    def __init__(self, measured: Measured, rows: Sequence[int]) -> None:
        self._column = measured.table.columns.get("run.chosen")
        self._rows = rows

    def of(self, places: Sequence[int]) -> frozenset[str]:
        if self._column is None:
            return frozenset()
        codes = {self._column.codes[self._rows[place]] for place in places}
        found = (self._column.values[code] for code in codes)
        return frozenset(key for keys in found if keys is not MISSING for key in keys)


def _telling(differing: dict[str, tuple[Any, Any]], chosen: frozenset[str]) -> list[str]:
    """The keys without those that a changed name drags along.

    The arguments of what is named go with the name, where only one of the runs has them, or where
    both have them and nobody chose the values.
    """
    prefixes = [(name, governed_by(name)) for name in differing if is_name(name)]

    def is_dragged(key: str) -> bool:
        below = any(name != key and key.startswith(prefix) for name, prefix in prefixes)
        return below and (ABSENT in differing[key] or key not in chosen)

    return [key for key in differing if not is_dragged(key)]
