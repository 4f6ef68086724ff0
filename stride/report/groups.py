"""Runs that differ in nothing but the seed, as one: their number, mean, spread, missing seeds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stride.config.identity import is_unchanging
from stride.store.index.column import MISSING
from stride.store.query.ordering import ranks_of
from stride.store.run import Run
from stride.store.selection import Selection

SEED: Final = "config.seed"
_MONITORS: Final = 2


@dataclass(frozen=True)
class Summary:
    """What some runs have of a metric; runs without it, or with nan, are not in it.

    Attributes:
        spread: the sample standard deviation (n - 1); None of a single run.
    """

    count: int
    mean: float
    spread: float | None
    least: float
    greatest: float


@dataclass(frozen=True)
class Group:
    """Runs that are equal in all that they are grouped by.

    Attributes:
        values: by column, what they are equal in; MISSING where they all have no such key.
        seeds: of its runs.
        all_seeds: of all groups.
        summaries: by column of a metric; None where no run has it.
    """

    values: dict[str, Any]
    runs: tuple[Run, ...]
    seeds: tuple[Any, ...]
    all_seeds: tuple[Any, ...] = field(repr=False)
    summaries: dict[str, Summary | None]

    @property
    def missing_seeds(self) -> tuple[Any, ...]:
        """Seeds that other groups have and this one lacks; where each run has its own, nearly all:
        so they are worked out for the groups that are shown.
        """
        own = set(map(_hashable, self.seeds))
        return tuple([seed for seed in self.all_seeds if _hashable(seed) not in own])


def config_columns(selection: Selection) -> list[str]:
    """The config keys that can change a result, but the seed."""
    return [
        column
        for column in selection.vocabulary.columns
        if column.startswith("config.")
        and column != SEED
        and not is_unchanging(column.removeprefix("config."))
    ]


def monitor_columns(selection: Selection) -> list[str]:
    """The monitors that decide for most of the runs, two at most, as columns of metrics."""
    names = (name for name in selection.values("run.monitor") if name is not MISSING)
    return [f"metric.{name}" for name, _ in Counter(names).most_common(_MONITORS)]


def group_runs(selection: Selection, columns: Sequence[str], metrics: Sequence[str]) -> list[Group]:
    """The groups, in the order in which their first runs are selected.

    Args:
        columns: what the runs of a group are equal in.
        metrics: columns of numbers that are summed up.
    """
    coded = [_codes(selection.values(column)) for column in columns]
    members: dict[tuple[int, ...], list[int]] = {}
    for index in range(len(selection)):
        members.setdefault(tuple([codes[index] for codes in coded]), []).append(index)
    values = {column: selection.values(column) for column in columns}
    numbers = {column: selection.values(column) for column in metrics}
    seeds = selection.values(SEED)
    every = tuple(_distinct(seeds).values())
    groups = []
    for indices in members.values():
        own = _distinct([seeds[index] for index in indices])
        groups.append(
            Group(
                values={column: values[column][indices[0]] for column in columns},
                runs=tuple(selection.run(selection.places[index]) for index in indices),
                seeds=tuple(own.values()),
                all_seeds=every,
                summaries={
                    column: summarize(numbers[column][index] for index in indices)
                    for column in metrics
                },
            )
        )
    return groups


def summarize(values: Iterable[Any]) -> Summary | None:
    """Number, mean, spread and extremes of the numbers among some values; None of none."""
    numbers = [_float(value) for value in values if type(value) in (int, float) and value == value]
    if not numbers:
        return None
    mean = _mean(numbers)
    spread = None
    if len(numbers) > 1:
        far = any(map(math.isinf, numbers)) or math.isinf(mean)
        away = math.nan if far else math.hypot(*(number - mean for number in numbers))
        spread = away / math.sqrt(len(numbers) - 1)
    return Summary(len(numbers), mean, spread, min(numbers), max(numbers))


def sort_groups(groups: Sequence[Group], keys: Sequence[tuple[str, bool]]) -> list[Group]:
    """Groups by columns: metrics by their means, and `n`; what a group lacks comes last.

    Args:
        keys: columns, and whether the greatest come first; the first decides.
    """
    ordered = list(groups)
    for column, descending in reversed(keys):
        ranks = ranks_of([_sortable(group, column) for group in ordered], descending)
        by_rank = sorted(range(len(ordered)), key=ranks.__getitem__)
        ordered = [ordered[index] for index in by_rank]
    return ordered


def _sortable(group: Group, column: str) -> Any:
    if column == "n":
        return len(group.runs)
    if column in group.summaries:
        summary = group.summaries[column]
        return MISSING if summary is None else summary.mean
    return group.values.get(column, MISSING)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf if number > 0 else -math.inf


def _mean(numbers: Sequence[float]) -> float:
    try:
        return math.fsum(numbers) / len(numbers)
    except (OverflowError, ValueError):  # too large together, or both infinities
        return sum(number / len(numbers) for number in numbers)


def _codes(values: Sequence[Any]) -> list[int]:
    """A small number for each value, the same for those that JSON has as the same."""
    known: dict[Any, int] = {}
    return [known.setdefault(_hashable(value), len(known)) for value in values]


def _distinct(values: Sequence[Any]) -> dict[Any, Any]:
    """Each value once, in order; those that are missing are none."""
    found = {_hashable(value): value for value in values if value is not MISSING}
    ranks = ranks_of([*found.values()])
    return {key: found[key] for _, key in sorted(zip(ranks, found, strict=True), key=_first)}


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _hashable(value: Any) -> Any:
    """1 is 1.0, but true is not 1."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, list | tuple):
        return "list", tuple(map(_hashable, value))
    return ("mapping", repr(value)) if isinstance(value, dict) else value
