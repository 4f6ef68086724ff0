"""Measured runs: a metric of many runs, and what is said of several values of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.errors import UsageError
from stride.store.index.read import read_index
from stride.store.index.run_table import RunTable
from stride.store.query.vocabulary import Vocabulary, parts_for
from stride.store.record import Status
from stride.store.work_dir import WorkDir

METRIC_KINDS: Final = ("metric.", "last.", "min.", "max.", "best.", "test.")
"""How the name of a column begins that holds a metric."""

_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Mean:
    """The mean of values.

    Attributes:
        error: its standard error; None of a single value.
    """

    value: float
    n: int
    error: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one or more finite values, and its standard error."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Mean(mean, 1, None)
    error = statistics.stdev(values) / math.sqrt(len(values))
    return Mean(mean, len(values), _without_rounding(error, max(map(abs, values))))


def difference_of(first: Mapping[Any, float], second: Mapping[Any, float]) -> tuple[Mean, bool]:
    """How much larger the second values are, and whether they were compared in pairs.

    Args:
        first, second: values by seed, one or more each. Where seeds are shared only those count,
            each with itself, so that what a seed does to both of them is no part of the difference.
            Else the means of all are compared; `n` is then the smaller number of values.
    """
    if shared := [seed for seed in first if seed in second]:
        pairs = [(first[seed], second[seed]) for seed in shared]
        return mean_of([_without_rounding(b - a, max(abs(a), abs(b))) for a, b in pairs]), True
    before, after = mean_of([*first.values()]), mean_of([*second.values()])
    error = None
    if before.error is not None and after.error is not None:
        error = math.hypot(before.error, after.error)
    return Mean(after.value - before.value, min(before.n, after.n), error), False


def _without_rounding(difference: float, of: float) -> float:
    """A difference between numbers of that size; what only rounding can have made is none."""
    return 0.0 if abs(difference) < _ROUNDING * of else difference


@dataclass(frozen=True)
class Measured:
    """The runs of an experiment and one metric of them.

    Attributes:
        metric: its column. name: the metric as it was asked for.
        values: one a row: a number, nan too, or None where a run has none.
        completed: one a row.
    """

    table: RunTable
    metric: str
    name: str
    values: tuple[float | None, ...]
    completed: tuple[bool, ...]

    def usable(self, rows: Iterable[int], *, unfinished: bool = False) -> list[int]:
        """The rows with a finite value, of completed runs unless `unfinished` ones count too."""
        return [
            row
            for row in rows
            if (unfinished or self.completed[row]) and is_finite(self.values[row])
        ]

    def modes(self) -> set[str]:
        """Whether more or less of the metric is better, as the runs that it decided on say."""
        monitors, modes = (self.table.columns.get(f"run.{name}") for name in ("monitor", "mode"))
        bare = self.metric.partition(".")[2]
        if monitors is None or modes is None or bare not in monitors.values:
            return set()
        code = monitors.values.index(bare)
        return {
            modes.value(row) for row in range(len(self.table)) if monitors.codes[row] == code
        } & {"min", "max"}


def is_finite(value: float | None) -> bool:
    """Whether there is a value, and a finite one."""
    return value is not None and math.isfinite(value)


def read_measured(work_dir: WorkDir, metric: str) -> Measured:
    """Read the runs of an experiment.

    Args:
        metric: as people write it: val_loss, last.val_loss, min.val_loss, test.accuracy.

    Raises:
        UsageError: no run has such a metric; or there is no experiment.
    """
    return measure(read_index(work_dir, parts_for([metric])), metric)


def measure(table: RunTable, metric: str) -> Measured:
    """The same of a table that was read with the parts that the metric needs."""
    vocabulary = Vocabulary([table])
    name = vocabulary.resolve(metric)
    column = table.columns.get(name)
    if not name.startswith(METRIC_KINDS) or column is None:
        names = sorted(vocabulary.metrics())  # lr stands among them, and means the config's
        known = [each for each in names if vocabulary.resolve(each) == f"metric.{each}"]
        what = "is no metric" if column is not None else "is the metric of no run"
        raise UsageError(f"{metric} {what}; the metrics are {', '.join(known) or 'none yet'}")
    status = table.columns["run.status"]
    return Measured(
        table,
        name,
        metric.removeprefix("metric."),
        tuple([_number(column.value(row)) for row in range(len(table))]),
        tuple([status.value(row) == Status.COMPLETED for row in range(len(table))]),
    )


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits, which a damaged file may hold
        return math.inf if value > 0 else -math.inf
