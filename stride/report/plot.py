"""A plot: the curves of any runs and metrics, in panels, as it is drawn anywhere."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stride.config.nearest import nearest
from stride.errors import StorageError, StoredFileError, UsageError
from stride.report.bands import Spread, build_band
from stride.report.curves import By, Curve, Curves
from stride.report.line_groups import LineGroup, line_groups
from stride.report.smoothing import smoothed
from stride.store.row import Row

_SPLITS = ("train_", "val_", "test_")


@dataclass(frozen=True)
class Line:
    """One line of a panel: the curve of a run, or of several as a mean with a band.

    Attributes:
        metric: the name of it, as in the tables.
        label: what tells its run, or its group, from the others.
        runs: their addresses.
        low, high, counts: of a band, else None.
        colour: the place of the run or group among all.
        style: the place of the metric among those of the panel.
    """

    metric: str
    label: str
    runs: tuple[str, ...]
    x: list[float]
    y: list[float]
    low: list[float] | None
    high: list[float] | None
    counts: list[int] | None
    colour: int
    style: int


@dataclass(frozen=True)
class Panel:
    """Lines on the same axes; train_loss and val_loss are the same quantity."""

    heading: str
    lines: list[Line]


@dataclass(frozen=True)
class Plot:
    """Panels over the same kind of axis; notes are sentences on what is not drawn."""

    by: By
    panels: list[Panel]
    notes: list[str]
    spread: Spread = Spread.RANGE

    def words(self, panel: Panel, line: Line) -> str:
        """What a legend says of a line: its label, with its metric where the panel has several."""
        several = len({each.metric for each in panel.lines}) > 1
        label = f"{line.metric}  {line.label}" if several else line.label
        if line.low is None:
            return label
        shown = "range" if self.spread is Spread.RANGE else "standard deviation"
        return f"{label}, mean and {shown}"


@dataclass(frozen=True)
class Wanted:
    """What is to be seen of the runs.

    Attributes:
        metrics: names and patterns such as `train_*`; none means the first monitor of the runs.
        by: over what; None means epochs, unless a metric is of steps.csv.
        smoothing: from 0 to below 1.
        group_by: config keys; runs that are equal in them become one line. `config` stands for all
            that can change a result but the seed. None: each run is a line.
    """

    metrics: Sequence[str] = ()
    by: By | None = None
    smoothing: float = 0.0
    group_by: Sequence[str] = ()
    spread: Spread = Spread.RANGE


def read_plot(rows: Sequence[Row], wanted: Wanted) -> Plot:
    """Read the curves.

    Raises:
        UsageError: a metric that no run has, a key that none has, or wrong smoothing.
    """
    notes = [f"{row.run.address}: {row.problem}" for row in rows if row.problem]
    smoothed((), wanted.smoothing)  # before anything is read
    curves = [Curves(row.run) for row in rows]
    readable = [place for place, each in enumerate(curves) if _is_readable(each, notes)]
    metrics = _metrics(wanted.metrics, [curves[place] for place in readable], rows)
    by = wanted.by or _usual(metrics, [curves[place] for place in readable])
    groups = line_groups(
        [rows[p] for p in readable], [curves[p] for p in readable], wanted.group_by
    )
    panels: dict[str, Panel] = {}
    styles: dict[str, list[str]] = {}
    for metric in metrics:
        heading = quantity(metric)
        panel = panels.setdefault(heading, Panel(heading, []))
        styles.setdefault(heading, []).append(metric)
        style = len(styles[heading]) - 1
        for colour, group in enumerate(groups):
            line = _line(group, metric, by, wanted, colour, style, notes)
            if line is not None:
                panel.lines.append(line)
    drawn = [panel for panel in panels.values() if panel.lines]
    return Plot(by, drawn, notes, wanted.spread)


def quantity(metric: str) -> str:
    """What a metric measures, on whatever split: `loss` of train_loss and of val_loss."""
    for split in _SPLITS:
        if metric.startswith(split) and metric != split:
            return metric.removeprefix(split)
    return metric


def _is_readable(curves: Curves, notes: list[str]) -> bool:
    try:
        if curves.names:
            return True
        notes.append(f"{curves.run.address} has no metrics yet")
    except (StoredFileError, StorageError) as error:
        notes.append(str(error))
    return False


def _metrics(asked: Sequence[str], curves: Sequence[Curves], rows: Sequence[Row]) -> list[str]:
    """The names that are meant, in the order of asking."""
    known = dict.fromkeys(name for each in curves for name in each.names)
    if not curves:
        return []
    if not asked:
        return [_usual_metric(known, rows)]
    found: dict[str, None] = {}
    for name in asked:
        matching = [name] if name in known else [each for each in known if _matches(each, name)]
        if not matching:
            near = nearest(name, known)
            hint = f"; did you mean {near}?" if near else f" (they have {_few(known)})"
            raise UsageError(f"--metric {name}: none of the runs has such a metric{hint}")
        found |= dict.fromkeys(matching)
    return list(found)


def _matches(name: str, pattern: str) -> bool:
    """Exact names, as `steps.loss`, match only patterns that have a point too."""
    return ("." in pattern or "." not in name) and fnmatchcase(name, pattern)


def _few(names: Iterable[str]) -> str:
    short = [name for name in names if "." not in name]
    return ", ".join(short[:12]) + (", ..." if len(short) > 12 else "")


def _usual_metric(known: Collection[str], rows: Sequence[Row]) -> str:
    monitors = [best.monitor for row in rows if row.record for best in row.record.best]
    for name in (*monitors, "val_loss", "train_loss", "loss"):
        if name in known:
            return name
    return next(iter(known))


def _usual(metrics: Sequence[str], curves: Sequence[Curves]) -> By:
    """Epochs where every metric has a row an epoch and a column that counts them, else steps."""
    for each in curves:
        for name in metrics:
            table, _ = each.names.get(name, ("metrics", name))
            if table == "steps" or "epoch" not in each.tables[table].names:
                return By.STEP
    return By.EPOCH


def _line(
    group: LineGroup,
    metric: str,
    by: By,
    wanted: Wanted,
    colour: int,
    style: int,
    notes: list[str],
) -> Line | None:
    members = [(each, curve) for each in group.members if (curve := _read(each, metric, by, notes))]
    if not members:
        return None
    runs = tuple(each.run.address for each, _ in members)
    curves = [Curve(c.x, smoothed(c.y, wanted.smoothing)) for _, c in members]
    if len(curves) == 1:
        x, y = curves[0].x, curves[0].y
        return Line(metric, group.label, runs, x, y, None, None, None, colour, style)
    band = build_band(curves, wanted.spread)
    if not band.x:
        notes.append(f"{group.label}: at no {by} have most of the runs a {metric}")
        return None
    return Line(
        metric,
        group.label,
        runs,
        band.x,
        band.mean,
        band.low,
        band.high,
        band.counts,
        colour,
        style,
    )


def _read(each: Curves, metric: str, by: By, notes: list[str]) -> Curve | None:
    address = each.run.address
    try:
        curve = each.read(metric, by)
    except (StoredFileError, StorageError) as error:
        notes.append(str(error))
        return None
    if curve is None:
        why = f"has no {metric}" if metric not in each.names else f"has no {by} for {metric}"
        notes.append(f"{address} {why}")
        return None
    gaps = sum(not math.isfinite(value) for value in curve.y)
    if gaps:
        values = "1 value" if gaps == 1 else f"{gaps} values"
        notes.append(f"{address}: {values} of {metric} not finite, a gap in the curve")
    return curve


def times_unit(seconds: float) -> tuple[float, str]:
    """The unit in which so many seconds are drawn: its length in seconds, and its name."""
    for length, name in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * length:
            return length, name
    return 1.0, "seconds"


def finite(values: Iterable[float]) -> Iterator[float]:
    """Those that are neither nan nor infinite."""
    return (value for value in values if math.isfinite(value))
