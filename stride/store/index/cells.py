"""The cells of a run: what its files say, by the name of the column."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from stride.config.differences import flatten
from stride.config.effective import effective_config
from stride.config.stored import read_stored_config
from stride.errors import StrideError
from stride.store.index.part import Part
from stride.store.labels import Labels
from stride.store.record import AttemptRecord, BestRecord, RunRecord
from stride.store.run import Run
from stride.store.stored_values import Number

Cells = dict[str, Any]
"""Values as JSON has them, but nan and the infinities of metrics as floats."""


def read_cells(run: Run, parts: Collection[Part] = ()) -> Cells:
    """Read the files of a run; never raises for what is in them.

    What a file that cannot be read would say is left out; `run.problem` says why.
    """
    problems: list[str] = []

    def attempt(read: Any) -> Any:
        try:
            return read()
        except (StrideError, FileNotFoundError) as error:
            problems.append(str(error))
            return None

    config = attempt(lambda: read_stored_config(run.read_config(), str(run.config_path)))
    record = attempt(run.read_record)
    labels = attempt(run.read_labels)
    cells: Cells = {}
    if record is not None:
        cells |= _record_cells(record)
    if labels is not None:
        cells |= _label_cells(labels)
    if config is not None:
        cells |= _config_cells(config, record.attempts if record else ())
    if Part.TABLES in parts:
        cells |= attempt(lambda: _table_cells(run.metrics.read())) or {}
    if Part.RESULTS in parts:
        cells |= attempt(lambda: _result_cells(run.read_results())) or {}
    if problems:
        cells["run.problem"] = "; ".join(problems)
    return cells


def _record_cells(record: RunRecord) -> Cells:
    cells: Cells = {
        "run.id": record.id,
        "run.stored_status": str(record.status),
        "run.created": record.created,
        "run.attempts": len(record.attempts),
        "run.parents": [parent.id for parent in record.parents],
        "run.chosen": list(record.chosen),
    }
    if record.error is not None:
        cells["run.error"] = f"{record.error.type}: {record.error.message}".removesuffix(": ")
    if record.sweep is not None:
        cells["run.sweep"] = record.sweep.sweep
        cells["run.trial"] = record.sweep.trial
    if (progress := record.progress) is not None:
        known = {
            "run.epoch": progress.epoch,
            "run.max_epochs": progress.max_epochs,
            "run.step": progress.step,
        }
        cells |= {name: value for name, value in known.items() if value is not None}
    if record.attempt is not None:
        cells["run.host"] = record.attempt.host
        if (seconds := _seconds(record.attempts)) is not None:
            cells["run.seconds"] = seconds
    return cells | _metric_cells(record)


def _metric_cells(record: RunRecord) -> Cells:
    """A bare metric is that of the best epoch by the first monitor, and else the newest."""
    cells = {f"last.{name}": value for name, value in numbers(record.last)}
    for best in record.best:
        cells |= {f"best.{name}": value for name, value in numbers({best.monitor: best.value})}
    first = record.best[0] if record.best else None
    if first is not None:
        cells["run.monitor"] = first.monitor
        cells["run.mode"] = first.mode
    cells |= {f"metric.{name}": value for name, value in numbers(_settled(record.last, first))}
    return cells


def _settled(last: Mapping[str, Number], best: BestRecord | None) -> Mapping[str, Number]:
    return last if best is None else {**best.metrics, best.monitor: best.value}


def numbers(stored: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers among some stored values: "nan" and the infinities are, other texts are not."""
    for name, value in stored.items():
        if isinstance(value, str):
            if value in ("nan", "inf", "-inf"):
                yield name, float(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, value


def _seconds(attempts: Iterable[AttemptRecord]) -> float | None:
    """How long the attempts took that ended; None where none did."""
    spans = []
    for attempt in attempts:
        if attempt.ended is None:
            continue
        try:
            span = datetime.fromisoformat(attempt.ended) - datetime.fromisoformat(attempt.started)
        except (ValueError, TypeError):  # no moments, or one with and one without a time zone
            continue
        spans.append(span.total_seconds())
    return round(math.fsum(spans), 6) if spans else None


def _label_cells(labels: Labels) -> Cells:
    cells: Cells = {"run.tags": list(labels.tags)}
    if labels.note:
        cells["run.note"] = labels.note
    return cells


def _config_cells(config: Mapping[str, Any], attempts: Iterable[AttemptRecord]) -> Cells:
    settings = {key: value for key, value in config.items() if key != "format"}
    changes = ((each.number, each.changes) for each in attempts)
    effective = effective_config(settings, changes).config
    return {f"config.{key}": value for key, value in flatten(effective).items()}


def _table_cells(rows: Iterable[Mapping[str, Any]]) -> Cells:
    """The least and the greatest value of each column; nan is neither."""
    least: dict[str, float] = {}
    greatest: dict[str, float] = {}
    for row in rows:
        for name, value in row.items():
            if not isinstance(value, int | float) or value != value:
                continue
            if name not in least or value < least[name]:
                least[name] = value
            if name not in greatest or value > greatest[name]:
                greatest[name] = value
    cells = {f"min.{name}": value for name, value in least.items()}
    return cells | {f"max.{name}": value for name, value in greatest.items()}


def _result_cells(results: Mapping[str, Any]) -> Cells:
    return {f"test.{name}": value for name, value in numbers(results)}
