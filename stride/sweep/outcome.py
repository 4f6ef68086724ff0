"""The outcome of a trial: what its run says by the metric that decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stride.errors import StoredFileError
from stride.files import decode_number
from stride.store.record import RunRecord
from stride.store.run import Run
from stride.sweep.definition import Definition


def value_of_run(run: Run, record: RunRecord, metric: str) -> float | None:
    """The metric of a run that has ended; None where it never was a number.

    A bare name is its value at the best epoch by the run's first monitor; `last.`, `min.` and
    `max.` are over the rows of metrics.csv, `test.` is of the final evaluation.
    """
    kind, dot, name = metric.partition(".")
    if not dot:
        return _at_best(record, metric)
    if kind == "last":
        return _number(record.last.get(name))
    if kind == "test":
        results = run.read_results()
        return _number(results.get(name, results.get(f"test_{name}")))
    values = [value for row in run.metrics.read() if (value := _number(row.get(name))) is not None]
    if not values:
        return None
    return min(values) if kind == "min" else max(values)


def reported(row: Mapping[str, Any], definition: Definition) -> float | None:
    """The value that a row of metrics.csv reports to a pruner; nan where it is no number.

    None where the row has no such column.
    """
    if definition.column not in row:
        return None
    value = _number(row[definition.column])
    return math.nan if value is None else value


def failure_text(record: RunRecord) -> str:
    """Why a run failed, in a sentence."""
    if record.error is None:
        return record.reason or "it failed"
    return f"{record.error.type}: {record.error.message}".removesuffix(": ")


def _at_best(record: RunRecord, name: str) -> float | None:
    if not record.best:
        return _number(record.last.get(name))
    best = record.best[0]
    value = best.metrics.get(name, best.value if name == best.monitor else None)
    return _number(value)


def _number(value: Any) -> float | None:
    """A number as it was stored; None for nan, and for what is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(decode_number(value))
    except (ValueError, TypeError, StoredFileError):
        return None
    return None if math.isnan(number) else number
