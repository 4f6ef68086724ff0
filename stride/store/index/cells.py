"""The cells of a run: what its files say, by the name of the column."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar

from stride.config.differences import flatten
from stride.config.effective import effective_config
from stride.config.stored import read_stored_config
from stride.errors import NewerFormatError, StoredFileError, StrideError
from stride.store.entries import is_run
from stride.store.labels import Labels
from stride.store.record import AttemptRecord, BestRecord, RunRecord
from stride.store.run import Run
from stride.store.stored_values import Number

T = TypeVar("T")

Cells = dict[str, Any]
"""Values as JSON has them, but nan and the infinities of metrics as floats."""


HERE: Final = "\0"
"""Stands in `run.problem` for the path of the experiment, which is moved with its cache."""


class Outcome(Enum):
    """How long what was read of a run is true."""

    LASTING = "for as long as its files have the same stamps"
    PASSING = "now: a file is a symbolic link, or was not to be read for another than its content"
    GONE = "not any more: the run went while it was read"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files of a run say."""

    cells: Cells
    outcome: Outcome


def read_run(run: Run) -> Reading:
    """Read run.json, config.json and labels.json; never raises for what is in them.

    What a file that cannot be read would say is left out; `run.problem` says why.
    """
    attempts = _Attempts(run)
    config = attempts.read(
        run.config_path, lambda: read_stored_config(run.read_config(), str(run.config_path))
    )
    record = attempts.read(run.record_path, run.read_record)
    labels = attempts.read(run.labels_path, run.read_labels)
    cells: Cells = {}
    if record is not None:
        cells |= record_cells(record)
    if labels is not None:
        cells |= label_cells(labels)
    if config is not None:
        changes = record.attempts if record else ()
        read = attempts.read(run.config_path, lambda: _config_cells(config, changes))
        cells |= read or {}
    if attempts.problems:
        if not is_run(run):
            return Reading({}, Outcome.GONE)
        cells["run.problem"] = "; ".join(attempts.problems).replace(str(run.work_dir), HERE)
    return Reading(cells, attempts.outcome)


def read_tables(run: Run) -> Reading:
    """Read logs/metrics.csv; a table that cannot be read has no cells."""
    attempts = _Attempts(run)
    rows = attempts.read(run.metrics_path, run.metrics.read)
    return Reading(_table_cells(rows or ()), attempts.outcome)


def read_results(run: Run) -> Reading:
    """Read results/metrics.json; where it cannot be read there are no cells."""
    attempts = _Attempts(run)
    results = attempts.read(run.results_metrics_path, run.read_results)
    return Reading(_result_cells(results or {}), attempts.outcome)


class _Attempts:
    """Attempts to read files of a run, and what became of them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.problems: list[str] = []
        self.outcome = Outcome.LASTING

    def read(self, path: Path, read: Callable[[], T]) -> T | None:
        """What a file says, None where it cannot be read."""
        try:
            if self._run.has_link(path):
                self.outcome = Outcome.PASSING
                self._run.check_inside(path)
            return read()
        except (StoredFileError, NewerFormatError) as error:
            self.problems.append(str(error))
        except (StrideError, OSError) as error:
            self.problems.append(str(error))
            self.outcome = Outcome.PASSING
        except RecursionError:
            self.problems.append(f"{path} is nested too deep")
        return None


def record_cells(record: RunRecord) -> Cells:
    cells: Cells = {
        "run.id": record.id,
        "run.stored_status": str(record.status),
        "run.created": record.created,
        "run.attempts": len(record.attempts),
        "run.parents": [parent.id for parent in record.parents],
        "run.chosen": list(record.chosen),
    }
    if record.fingerprints:
        cells["run.fingerprints"] = [list(pair) for pair in sorted(record.fingerprints.items())]
    if record.code:
        cells["run.code"] = [[code.reference, code.digest] for code in record.code]
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
    cells: Cells = {f"last.{name}": value for name, value in numbers(record.last)}
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


def label_cells(labels: Labels) -> Cells:
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
