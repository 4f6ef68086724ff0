"""The curves of a run: every column of its tables over steps, epochs or time."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stride.files import read_content
from stride.report.clock import Clock, added_up, build_clock
from stride.store.run import Run
from stride.table_text import parse_columns, parse_header

_PLACES = frozenset({"epoch", "step"})
"""Columns that say where a row belongs; the others are curves."""

Column = list[float | None]
"""The numbers of a column, one a row."""


class By(StrEnum):
    """What a curve is drawn over: time is the seconds that its epochs took, pauses left out."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "time"


@dataclass(frozen=True)
class Curve:
    """The points of one metric of one run; nan and infinities among the values are gaps."""

    x: list[float]
    y: list[float]


class StoredTable:
    """The columns of one table file, read when they are asked for; no file has none.

    Args:
        run: whose table it is.
        path: of the CSV file.
    """

    def __init__(self, run: Run, path: Path) -> None:
        self._run = run
        self._path = path
        self._columns: dict[str, Column] = {}

    @functools.cached_property
    def _content(self) -> bytes:
        self._run.check_inside(self._path)
        try:
            return read_content(self._path)
        except FileNotFoundError:
            return b""

    @functools.cached_property
    def names(self) -> list[str]:
        """The names of the columns.

        Raises:
            StoredFileError: no table. StorageError: it cannot be read.
        """
        return [name for name in parse_header(self._content, self._path) if name]

    def read(self, names: Collection[str]) -> list[Column]:
        """Some columns; one that the table does not have is empty."""
        missing = [name for name in names if name not in self._columns]
        if missing:
            found = parse_columns(self._content, missing, self._path)
            self._columns |= {name: found.get(name, []) for name in missing}
        return [self._columns[name] for name in names]


class Curves:
    """All curves of a run.

    A metric has the name of its column, looked up in metrics.csv, then steps.csv, then timings.csv;
    `metrics.lr`, `steps.lr` and `timings.seconds` are exact.

    Args:
        run: whose tables are read.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.tables = {
            "metrics": StoredTable(run, run.metrics_path),
            "steps": StoredTable(run, run.steps_path),
            "timings": StoredTable(run, run.timings_path),
        }

    @functools.cached_property
    def names(self) -> dict[str, tuple[str, str]]:
        """Every name of a metric, with its table and column; the exact names come last."""
        pairs = [
            (table, column)
            for table, stored in self.tables.items()
            for column in stored.names
            if column not in _PLACES
        ]
        short: dict[str, tuple[str, str]] = {}
        for table, column in pairs:
            short.setdefault(column, (table, column))
        return short | {f"{table}.{column}": (table, column) for table, column in pairs}

    def read(self, name: str, by: By) -> Curve | None:
        """The points of a metric; None where the run has none, or nothing tells their place.

        Raises:
            StoredFileError, StorageError: a table cannot be read.
        """
        if name not in self.names:
            return None
        table, column = self.names[name]
        steps, epochs, values = self.tables[table].read(("step", "epoch", column))
        places = self._places(table, by, steps, epochs)
        x, y = [], []
        for place, value in zip(places, values, strict=False):
            if place is not None and value is not None and math.isfinite(place):
                x.append(place)
                y.append(value)
        return Curve(x, y) if x else None

    def _places(self, table: str, by: By, steps: Column, epochs: Column) -> Sequence[float | None]:
        if by is By.STEP:
            return steps
        if by is By.EPOCH and table != "steps":
            return epochs
        clock = self.epoch_clock if by is By.EPOCH else self.time_clock
        found = [None if step is None else clock.at(step) for step in steps]
        if by is By.EPOCH and all(place is None for place in found):
            return epochs
        return found

    @functools.cached_property
    def epoch_clock(self) -> Clock:
        """Epochs that are over at each step."""
        steps, epochs = self.tables["metrics"].read(("step", "epoch"))
        return build_clock(zip(steps, epochs, strict=False))

    @functools.cached_property
    def time_clock(self) -> Clock:
        """Seconds of training at each step, evaluation included, pauses between attempts not."""
        steps, seconds = self.tables["timings"].read(("step", "seconds"))
        return build_clock(zip(steps, added_up(seconds), strict=False))
