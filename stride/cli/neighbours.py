"""`stride neighbours`: the runs that differ from one in a single setting, and what that did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.neighbours_page import draw_neighbourhood
from stride.cli.options import Json, RunAddress
from stride.cli.terminal import standard_output
from stride.config.differences import ABSENT
from stride.errors import RunStateError, UsageError
from stride.report.measured import Mean, Measured, is_finite, measure, read_measured
from stride.report.neighbours import Neighbour, Neighbourhood, Repeats, find_neighbours
from stride.report.origins import origin_differences, read_origin
from stride.store.index.column import MISSING
from stride.store.index.read import read_index
from stride.store.run import Run
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride neighbours exp/12",
    "stride neighbours exp/best --metric test.accuracy",
    "stride neighbours exp/12 --unfinished --json | jq '.neighbours[0]'",
)
_MEAN = "`mean`, `error` (standard error; null of one value), `n` values, each of one seed"
FIELDS = {
    "run": "address of the run",
    "metric": "the metric, at the best epoch unless it begins with last., min., max., test.",
    "mode": "min or max: what is better; null where no run says it",
    "own": f"the run and its repeats with other seeds: {_MEAN}, `runs` (addresses)",
    "neighbours": "the best change first: `key`, `before`, `after` (without `before` or `after`: "
    "there the key is not), `following` (keys that go with a changed name: key to `before` and "
    f"`after`), {_MEAN}, `runs`, and `effect`: `value` (theirs minus own), `error`, `n`, `paired` "
    "(runs of the same seed were compared), `other` (which of `code` and `data` are others)",
    "nearest": "where there is no neighbour: keys in which the nearest runs differ",
    "without_value": "runs that differ in one setting, but have no finite value of the metric",
}


def neighbours(
    run: RunAddress,
    metric: Annotated[
        str | None,
        typer.Option("--metric", "-m", metavar="NAME", help="Compare this one, not the monitor."),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Count runs too that are not completed.")
    ] = False,
    json: Json = False,
) -> None:
    """Show which single change made a run better or worse.

    Lists the runs of the experiment that differ from this one in exactly one config key, and by how
    much the metric changed. Runs that differ in the seed alone are repeats: where both sides have
    runs of the same seeds those are compared in pairs, else the means. A changed name (a model, an
    optimiser) may bring its arguments along. Code and data that are others are said to be.
    """
    opened = open_run(run)
    measured = _read(opened, metric)
    row = measured.table.names.index(opened.name)
    if not unfinished and not measured.completed[row]:
        status = measured.table.columns["run.status"].value(row)
        raise RunStateError(
            f"{opened.address} is {status}, not completed; --unfinished compares it all the same"
        )
    if not is_finite(measured.values[row]):
        value = "no" if measured.values[row] is None else "no finite"
        raise UsageError(f"{opened.address} has {value} {measured.name}; --metric names another")
    found = find_neighbours(measured, row, unfinished=unfinished)
    others = _others(measured, opened, found)
    if json:
        answer.write_json(_fields(measured, opened, found, others))
        return
    for line in draw_neighbourhood(opened.address, measured, found, others, standard_output()):
        answer.write(line)
    _say_what_is_missing(measured, opened, found)


def _read(run: Run, metric: str | None) -> Measured:
    work_dir = WorkDir(run.address.rpartition("/")[0] or ".")
    if metric is not None:
        return read_measured(work_dir, metric)
    table = read_index(work_dir)
    monitors = table.columns.get("run.monitor")
    monitor = MISSING if monitors is None else monitors.value(table.names.index(run.name))
    if monitor is MISSING:
        raise UsageError(f"{run.address} has no monitor: name a metric, as in --metric val_loss")
    return measure(table, f"metric.{monitor}")


def _others(measured: Measured, run: Run, found: Neighbourhood) -> list[frozenset[str]]:
    """Of each neighbour whether its code or data are others."""
    own = read_origin(run)
    return [
        origin_differences(own, map(measured.table.run, neighbour.repeats.rows))
        for neighbour in found.neighbours
    ]


def _say_what_is_missing(measured: Measured, run: Run, found: Neighbourhood) -> None:
    if not found.neighbours and not found.without_value:
        hint = ""
        if found.nearest:
            keys = ", ".join(found.nearest[:5]) + (", ..." if len(found.nearest) > 5 else "")
            hint = f"; the nearest differ in {len(found.nearest)}: {keys}"
        answer.note(f"no run differs from {run.address} in one setting alone{hint}")
    if found.without_value:
        names = [measured.table.names[row] for row in found.without_value]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        answer.note(f"differ in one setting, but have no {measured.name}: {shown}")


def _fields(
    measured: Measured, run: Run, found: Neighbourhood, others: Sequence[frozenset[str]]
) -> dict[str, Any]:
    def addresses(rows: Sequence[int]) -> list[str]:
        return [measured.table.run(row).address for row in rows]

    def repeats(each: Repeats) -> dict[str, Any]:
        mean = each.mean
        return {
            "mean": mean.value,
            "error": mean.error,
            "n": mean.n,
            "runs": addresses(each.rows),
        }

    return {
        "run": run.address,
        "metric": measured.name,
        "mode": found.mode,
        "own": repeats(found.own),
        "neighbours": [
            {
                "key": neighbour.key,
                **_pair(neighbour.before, neighbour.after),
                "following": {key: _pair(*pair) for key, pair in neighbour.following.items()},
                **repeats(neighbour.repeats),
                "effect": _effect(neighbour.effect, neighbour),
                "other": sorted(other),
            }
            for neighbour, other in zip(found.neighbours, others, strict=True)
        ],
        "nearest": list(found.nearest),
        "without_value": addresses(found.without_value),
    }


def _effect(mean: Mean, neighbour: Neighbour) -> dict[str, Any]:
    return {
        "value": mean.value,
        "error": mean.error,
        "n": mean.n,
        "paired": neighbour.paired,
    }


def _pair(before: Any, after: Any) -> dict[str, Any]:
    pair = {"before": before, "after": after}
    return {name: value for name, value in pair.items() if value is not ABSENT}
