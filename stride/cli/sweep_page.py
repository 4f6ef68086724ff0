"""The page of a sweep: its trials, the best so far, what mattered, and the course of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stride.cli.canvas import Canvas
from stride.cli.page import wrapped
from stride.cli.status import STYLES
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless, width_of
from stride.cli.ticks import axis_around, tick_texts, ticks
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differing_keys import short_names
from stride.sweep.definition import Definition
from stride.sweep.folder import SweepFolder
from stride.sweep.space import Point
from stride.sweep.summary import Summary, TrialRow

_ROWS = 10
_WIDTH = 80
_FEWEST_FOR_A_CHART = 3


def draw_sweep(folder: SweepFolder, summary: Summary, terminal: Terminal) -> Iterator[str]:
    """All of it, for `--show`."""
    definition = summary.definition
    yield from wrapped(_heading(folder, summary), terminal, hanging=2)
    if summary.rows:
        yield ""
        yield from draw_table(*_table(summary), terminal)
        yield from _reasons(summary, terminal)
    if summary.importances:
        yield ""
        yield terminal.paint(f"what mattered for {definition.metric}", "bold")
        names = shown_names(summary.importances)
        widest = max(map(width_of, names.values()))
        for key, share in summary.importances.items():
            bar = "█" * round(24 * share)
            yield f"  {harmless(names[key]):<{widest}}  {share:4.0%}  {bar}".rstrip()
    if len(summary.history) >= _FEWEST_FOR_A_CHART:
        yield ""
        yield from _draw_history(summary, terminal)
    yield ""
    yield from draw_answer(folder, summary, terminal)


def draw_answer(folder: SweepFolder, summary: Summary, terminal: Terminal) -> Iterator[str]:
    """The best trial, and where its config is."""
    best = summary.best
    if best is None:
        yield "no trial is completed yet"
        return
    address = f"{folder.work_dir.address}/{best.run}"
    value = f"{summary.definition.metric}={metric_text(best.value)}"
    yield f"best: {terminal.paint(address, 'bold')}  {value}  {point_text(best.point)}"
    if folder.best_config_path.exists():
        yield f"its config: {config_address(folder)}"


def draw_points(
    definition: Definition, points: Sequence[Point], terminal: Terminal
) -> Iterator[str]:
    """A table of points, for `--dry-run`."""
    names = shown_names(definition.space)
    columns = [Column("trial", right=True), *_key_columns(names)]
    rows = [
        [Cell(str(number)), *(Cell(_short_text(point[key])) for key in names)]
        for number, point in enumerate(points)
    ]
    yield from draw_table(columns, rows, terminal)
    if definition.trials > len(points):
        yield f"and {definition.trials - len(points)} more"


def point_text(point: Point) -> str:
    """A point on one line: `lr=0.001 seed=2`."""
    names = shown_names(point)
    return " ".join(f"{names[key]}={_short_text(value)}" for key, value in point.items())


def shown_names(keys: Iterable[str]) -> dict[str, str]:
    """Short distinct names of keys; of an element of a list with the list: `hidden_dims.0`."""
    names = short_names(list(keys))
    return {
        key: ".".join(key.split(".")[-2:]) if name.isdigit() else name
        for key, name in names.items()
    }


def config_address(folder: SweepFolder) -> str:
    """The file of the best config, as it is typed from here."""
    relative = folder.best_config_path.relative_to(folder.work_dir.path)
    return f"{folder.work_dir.address}/{relative}"


def summary_fields(
    folder: SweepFolder, summary: Summary | None, definition: Definition | None = None
) -> dict[str, Any]:
    """The fields of the JSON answer."""
    definition = definition if summary is None else summary.definition
    assert definition is not None
    rows = () if summary is None else summary.rows
    best = None if summary is None else summary.best
    has_config = best is not None and folder.best_config_path.exists()
    return {
        "experiment": folder.work_dir.address,
        "sweep": definition.name,
        "id": definition.id,
        "sampler": definition.sampler,
        "pruner": definition.pruner,
        "metric": definition.metric,
        "direction": definition.direction,
        "total": definition.trials if summary is None else summary.total,
        "counts": {} if summary is None else summary.counts,
        "trials": [vars(row) for row in rows],
        "best": None if best is None else vars(best),
        "best_config": config_address(folder) if has_config else None,
        "importances": {} if summary is None else summary.importances,
        "picture": None,
        "points": None,
        "job": None,
        "script": None,
    }


def _heading(folder: SweepFolder, summary: Summary) -> str:
    definition = summary.definition
    better = "more" if definition.direction == "max" else "less"
    parts = [f"{count} {state}" for state, count in _ordered(summary.counts).items()]
    not_begun = summary.total - sum(row.retry_of is None for row in summary.rows)
    if not_begun > 0:
        parts.append(f"{not_begun} not begun")
    pruner = "" if definition.pruner == "none" else f", pruned by {definition.pruner}"
    return (
        f"{folder.address}: {summary.total} trials by {definition.sampler}{pruner};"
        f" {definition.metric}, {better} is better; {', '.join(parts)}"
    )


def _short_text(value: Any) -> str:
    """A value; of a number that a sampler drew, four digits: run.json has all."""
    text = value_text(value)
    return f"{value:.4g}" if isinstance(value, float) and len(text) > 10 else text


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    first = ("completed", "pruned", "failed", "running")
    return {state: counts[state] for state in (*first, *sorted(counts)) if state in counts}


def _table(summary: Summary) -> tuple[list[Column], list[list[Cell]]]:
    definition = summary.definition
    names = shown_names(definition.space)
    columns = [
        Column("trial", right=True),
        Column("run", right=True),
        Column("status"),
        Column(harmless(definition.metric), right=True),
        *_key_columns(names),
    ]
    return columns, [_row(row, summary, list(names)) for row in summary.rows]


def _key_columns(names: Mapping[str, str]) -> list[Column]:
    return [Column(harmless(name), right=True) for name in names.values()]


def _row(row: TrialRow, summary: Summary, keys: Sequence[str]) -> list[Cell]:
    is_best = summary.best is not None and row.trial == summary.best.trial
    again = "" if row.retry_of is None else f" (again: {row.retry_of})"
    return [
        Cell(str(row.trial)),
        Cell(row.run or NOTHING),
        Cell(row.state + again, STYLES.get(row.state, "")),
        Cell(metric_text(row.value), "bold green" if is_best else ""),
        *(Cell(_short_text(row.point[key]) if key in row.point else NOTHING) for key in keys),
    ]


def _reasons(summary: Summary, terminal: Terminal) -> Iterator[str]:
    told = [row for row in summary.rows if row.reason and row.state != "pruned"]
    if told:
        yield ""
    for row in told[:10]:
        yield from wrapped(harmless(f"trial {row.trial} {row.state}: {row.reason}"), terminal,
                           hanging=2)  # fmt: skip
    if len(told) > 10:
        yield f"and {len(told) - 10} more, in --json"


def _draw_history(summary: Summary, terminal: Terminal) -> Iterator[str]:
    """Each completed trial a cross of dots, the best so far a line."""
    metric = summary.definition.metric
    yield terminal.paint(f"{metric}: each trial, and the best so far", "bold")
    values = [
        (row.trial, row.value)
        for row in summary.rows
        if row.state == "completed" and row.value is not None
    ]
    x_axis = axis_around([float(trial) for trial, _ in values])
    y_axis = axis_around([value for _, value in values])
    marks = ticks(y_axis, 4)
    texts = tick_texts(marks)
    left = max(map(width_of, texts), default=0) + 2
    canvas = Canvas(max(20, min(terminal.width or _WIDTH, _WIDTH) - left), _ROWS)

    def dot(trial: int, value: float) -> tuple[int, int]:
        across = round(x_axis.at(trial) * (canvas.width - 1))
        return across, round(y_axis.at(value) * (canvas.height - 1))

    before: tuple[int, int] | None = None
    for trial, best in summary.history:
        here = dot(trial, best)
        if before is not None:
            canvas.line(*before, here[0], before[1], "33")
            canvas.line(here[0], before[1], *here, "33")
        before = here
    for trial, value in values:
        canvas.letter(*dot(trial, value), "•", "208")
    by_row = {
        canvas.rows - 1 - round(y_axis.at(mark) * (canvas.height - 1)) // 4: text
        for mark, text in zip(marks, texts, strict=True)
    }
    for row, drawn in enumerate(canvas.draw(terminal)):
        text = by_row.get(row, "")
        side = f"{' ' * (left - 2 - width_of(text))}{text} {'┤' if text else '│'}"
        yield (terminal.paint(side, "dim") + drawn).rstrip()
    first, last = str(values[0][0]), str(values[-1][0])
    gap = " " * max(1, canvas.columns - len(first) - len(last))
    yield terminal.paint(f"{' ' * left}{first}{gap}{last}", "dim")
