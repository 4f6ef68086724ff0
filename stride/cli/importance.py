"""`stride importance`: which config keys matter for a metric, judged from the runs alone."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.experiment import open_experiment
from stride.cli.importance_page import draw_importance
from stride.cli.list_options import Where
from stride.cli.options import Json
from stride.cli.terminal import standard_output
from stride.config.differences import ABSENT
from stride.errors import UsageError
from stride.report.importance import Importance, KeyImportance, Method, read_importance
from stride.report.measured import Measured, measure
from stride.store.index.column import MISSING
from stride.store.index.run_table import RunTable
from stride.store.selection import select

EXAMPLES = (
    "stride importance exp",
    "stride importance exp --metric val_accuracy --where \"model_name == 'ResNet'\"",
    "stride importance exp --method ped-anova --json | jq '.keys[0]'",
)
FIELDS = {
    "experiment": "its folder, as typed",
    "metric": "the metric, at the best epoch unless it begins with last., min., max., test.",
    "mode": "min or max: what is better; null where no run says it",
    "method": "fanova: `share` is of the metric's variance, by the key alone; ped-anova: of the "
    "sum of all",
    "runs": "how many count",
    "used": "how many of them the method was given",
    "keys": "the most important first: `key`, `together` (keys that always change with it), "
    "`share`, `values`: for each `value`, or range from `value` `until`, the `mean` of the metric, "
    "its `error` and the `n` runs; without `value`: the key is not there",
    "spread": "standard deviation of the metric over the runs",
    "repeats": "the same over runs that differ in the seed alone; null where there are none",
    "left_out": "keys with another value in nearly every run, of which nothing can be said",
    "without_value": "runs that have no finite value of the metric",
    "notes": "what is to be known about the figures",
}


def importance(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", "-m", metavar="NAME", help="For this one, not the monitor."),
    ] = None,
    where: Where = None,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="NAME", help="fanova (with scikit-learn) or ped-anova."),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option("--mode", metavar="NAME", help="What is better, where no run says: min, max."),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Count runs too that are not completed.")
    ] = False,
    json: Json = False,
) -> None:
    """Show which config keys matter most.

    Judged from the runs that there are, by Optuna: fANOVA gives the share of the metric's variance
    that each key explains alone, PED-ANOVA how much the best runs prefer certain values. Below each
    key the mean of the metric for its values. What no run varied cannot be judged, keys that always
    change together are named together, and of few runs it is a hint, not a finding.
    """
    chosen = _choice("--method", method, [each.value for each in Method])
    known_mode = _choice("--mode", mode, ["min", "max"])
    work_dir = open_experiment(experiment)
    found = select([work_dir], where or (), names=[] if metric is None else [metric])
    table = found.tables[0]
    rows = [row for _, row in found.places]
    if not rows:
        raise UsageError(
            f"the query is true of no run of {work_dir.address}"
            if where
            else f"{work_dir.address} has no run yet"
        )
    measured = measure(table, metric or _monitor(table, rows))
    modes = measured.modes()
    better = known_mode or (next(iter(modes)) if len(modes) == 1 else None)
    read = read_importance(
        measured,
        rows,
        mode=better,
        method=None if chosen is None else Method(chosen),
        unfinished=unfinished,
    )
    if json:
        fields = {"experiment": work_dir.address, "metric": measured.name, "mode": better}
        answer.write_json(fields | _fields(measured, read))
        return
    for line in draw_importance(measured, read, better, standard_output()):
        answer.write(line)


def _choice(option: str, value: str | None, choices: list[str]) -> str | None:
    if value is not None and value not in choices:
        raise UsageError(f"{option} {value}: it is one of {', '.join(choices)}")
    return value


def _monitor(table: RunTable, rows: list[int]) -> str:
    """The metric that decided on the best weights in most of the runs."""
    column = table.columns.get("run.monitor")
    found = [] if column is None else [column.value(row) for row in rows]
    names = [name for name in found if name is not MISSING]
    if not names:
        raise UsageError("no run has a monitor: name a metric, as in --metric val_loss")
    return f"metric.{max(dict.fromkeys(names), key=names.count)}"


def _fields(measured: Measured, read: Importance) -> dict[str, Any]:
    return {
        "method": read.method,
        "runs": len(read.rows),
        "used": read.used,
        "keys": [_key_fields(each) for each in read.keys],
        "spread": read.spread,
        "repeats": read.repeats,
        "left_out": list(read.left_out),
        "without_value": [measured.table.run(row).address for row in read.without_value],
        "notes": list(read.notes),
    }


def _key_fields(each: KeyImportance) -> dict[str, Any]:
    values = [
        {
            **({} if value.value is ABSENT else {"value": value.value}),
            **({} if value.until is None else {"until": value.until}),
            "mean": value.mean.value,
            "error": value.mean.error,
            "n": value.mean.n,
        }
        for value in each.values
    ]
    return {
        "key": each.key,
        "together": list(each.together),
        "share": each.share,
        "values": values,
    }
