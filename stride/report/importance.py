"""Importance: which config keys matter for a metric, judged from the runs alone.

How much each key explains is worked out by Optuna, on a study in memory that is made of the runs:
by fANOVA (Hutter, Hoos and Leyton-Brown, ICML 2014: the share of the metric's variance that a key
explains by itself, in a random forest fitted to the runs), which needs scikit-learn, or by
PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023: how much more often than elsewhere a key has
certain values among the best runs).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any, Final

from stride.config.differing_keys import is_name
from stride.errors import UsageError
from stride.report.measured import Measured
from stride.report.ordered_values import filled, is_ordered, pattern_of, ranks_of
from stride.report.setting_columns import SettingColumn, varying_columns
from stride.report.value_means import ValueMean, value_means
from stride.store.index.column import MISSING

_FEWEST: Final = 4
"""Runs below which nothing can be said."""

_MOST_FOREST: Final = 400
"""Runs that fANOVA is given: its time grows with their square, to seconds by then."""

_FEW_EACH: Final = 10
"""Runs a key below which the figures are a hint and no more: as many as in a rule of thumb for the
variables of a regression."""


class Method(StrEnum):
    """How the importance is worked out."""

    FANOVA = "fanova"
    PED_ANOVA = "ped-anova"


@dataclass(frozen=True)
class KeyImportance:
    """A key, or keys that always change together.

    Attributes:
        key: one of them. together: the others; nothing tells which of them it is.
        share: by fANOVA, of the variance; by PED-ANOVA, of the sum over the keys.
    """

    key: str
    together: tuple[str, ...]
    share: float
    values: tuple[ValueMean, ...]


@dataclass(frozen=True)
class Importance:
    """What the runs say.

    Attributes:
        rows: of the runs that count. without_value: of the others that were asked for.
        used: how many of them the method was given.
        spread: standard deviation of the metric over the runs.
        repeats: of the same over runs that differ in the seed alone; None where there are none.
        left_out: keys with another value in nearly every run, of which nothing can be said.
        notes: what is to be known about the figures, in sentences.
    """

    method: Method
    rows: tuple[int, ...]
    without_value: tuple[int, ...]
    used: int
    keys: tuple[KeyImportance, ...]
    spread: float
    repeats: float | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def read_importance(
    measured: Measured,
    rows: Iterable[int],
    *,
    mode: str | None = None,
    method: Method | None = None,
    unfinished: bool = False,
) -> Importance:
    """Judge the keys in which runs differ, the seed aside.

    Args:
        rows: of the runs to look at; those without a finite value, or not completed, do not count.
        mode: "min" or "max"; PED-ANOVA has to know which runs are the best.
        method: fANOVA where scikit-learn is installed, unless given.
        unfinished: whether runs that are not completed count as well.

    Raises:
        UsageError: there are too few runs, they do not differ, or Optuna is not installed.
    """
    asked = list(rows)
    usable = measured.usable(asked, unfinished=unfinished)
    if len(usable) < _FEWEST:
        raise UsageError(
            f"importance needs {_FEWEST} runs or more with a value of {measured.name}, and there "
            f"are {len(usable)}"
        )
    method = method or default_method()
    _check(method, mode, measured.name)
    groups, left_out = _groups(measured, usable)
    if not groups:
        raise UsageError("these runs differ in no config key but the seed")
    values = [measured.values[row] or 0.0 for row in usable]
    picked = _evenly(len(usable), _MOST_FOREST if method is Method.FANOVA else len(usable))
    shares = _shares(groups, values, picked, mode, method)
    keys = [
        KeyImportance(
            group[0].key,
            tuple(column.key for column in group[1:]),
            share,
            tuple(value_means(group[0], values)),
        )
        for group, share in zip(groups, shares, strict=True)
    ]
    keys.sort(key=lambda each: -each.share)
    finite = set(usable)
    counted = [row for row in asked if unfinished or measured.completed[row]]
    return Importance(
        method,
        tuple(usable),
        tuple(row for row in counted if row not in finite),
        len(picked),
        tuple(keys),
        _deviation([values]),
        _repeats(measured, usable, values),
        left_out,
        tuple(_notes(len(usable), len(picked), len(groups))),
    )


def default_method() -> Method:
    """FANOVA, which tells more from few runs, where what it needs is installed."""
    return Method.FANOVA if find_spec("sklearn") else Method.PED_ANOVA


def _check(method: Method, mode: str | None, metric: str) -> None:
    if not find_spec("optuna"):
        raise UsageError("importance needs Optuna: pip install 'stride-experiments[sweep]'")
    if method is Method.FANOVA and not find_spec("sklearn"):
        raise UsageError(
            "fanova needs scikit-learn: pip install scikit-learn, or take --method ped-anova"
        )
    if method is Method.PED_ANOVA and mode is None:
        raise UsageError(
            f"ped-anova looks at the best runs, and no run says whether less or more {metric} is "
            "better: give --mode min or --mode max"
        )


def _groups(
    measured: Measured, rows: Sequence[int]
) -> tuple[list[list[SettingColumn]], tuple[str, ...]]:
    """The keys that vary, those that always change together as one; and those left out."""
    chosen = _chosen(measured, rows)
    columns = varying_columns(measured.table, rows)
    left_out = [c.key for c in columns if not is_ordered(c) and len(set(c.codes)) > len(rows) / 2]
    groups: dict[Any, list[SettingColumn]] = {}
    for column in columns:
        if column.key not in left_out:
            groups.setdefault(pattern_of(column), []).append(column)
    for group in groups.values():
        group.sort(key=lambda column: (not is_name(column.key), column.key not in chosen))
    return list(groups.values()), tuple(left_out)


def _chosen(measured: Measured, rows: Sequence[int]) -> frozenset[str]:
    column = measured.table.columns.get("run.chosen")
    if column is None:
        return frozenset()
    found = (column.values[code] for code in {column.codes[row] for row in rows})
    return frozenset(key for keys in found if keys is not MISSING for key in keys)


def _shares(
    groups: Sequence[Sequence[SettingColumn]],
    values: Sequence[float],
    picked: Sequence[int],
    mode: str | None,
    method: Method,
) -> list[float]:
    """The importance of the first key of each group, by Optuna."""
    # Deferred: a second of import, and an extra that need not be installed.
    from stride.report.optuna_importance import Parameter, importances

    parameters = []
    for group in groups:
        column = filled(group[0])
        ordered = is_ordered(column)
        places = ranks_of(column) if ordered else column.codes
        parameters.append(Parameter([places[place] for place in picked], ordered))
    return importances(
        parameters,
        [values[place] for place in picked],
        maximize=mode == "max",
        fanova=method is Method.FANOVA,
    )


def _evenly(count: int, most: int) -> list[int]:
    """At most so many places, evenly over all of them."""
    return [*range(count)] if count <= most else [place * count // most for place in range(most)]


def _repeats(measured: Measured, rows: Sequence[int], values: Sequence[float]) -> float | None:
    """Standard deviation within runs of the same settings, pooled; None without repeats."""
    columns = varying_columns(measured.table, rows)
    groups: dict[tuple[int, ...], list[float]] = {}
    for place, value in enumerate(values):
        groups.setdefault(tuple([c.codes[place] for c in columns]), []).append(value)
    repeated = [group for group in groups.values() if len(group) > 1]
    return _deviation(repeated) if repeated else None


def _deviation(groups: Collection[Sequence[float]]) -> float:
    """Standard deviation around the mean of each group."""
    squares, degrees = 0.0, 0
    for group in groups:
        mean = math.fsum(group) / len(group)
        squares += math.fsum((value - mean) ** 2 for value in group)
        degrees += len(group) - 1
    return math.sqrt(squares / degrees)


def _notes(runs: int, used: int, groups: int) -> Iterable[str]:
    if runs < _FEW_EACH * groups:
        yield (
            f"{runs} runs for {groups} keys are few: take it as a hint of what to try, not as a "
            "finding"
        )
    if used < runs:
        yield f"worked out on {used} of the {runs} runs, evenly taken"
