"""`stride plot`: curves of runs, in the terminal and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.chart import draw_plot
from stride.cli.completion import complete_column, complete_run
from stride.cli.experiment import open_experiment, open_run
from stride.cli.list_options import Sort, Where
from stride.cli.new_file import new_file
from stride.cli.options import Json
from stride.cli.parameters import whole_number
from stride.cli.terminal import standard_output
from stride.errors import UsageError
from stride.files import storage_errors, write_exclusive
from stride.report.bands import Spread
from stride.report.curves import By
from stride.report.plot import Plot, Wanted, read_plot
from stride.store.row import Row, read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir

FORMATS = ("png", "svg", "pdf")
NEWEST = 8

EXAMPLES = (
    "stride plot exp/2 exp/3 --metric val_loss",
    "stride plot exp --metric 'train_*' --smoothing 0.6 --log",
    "stride plot exp --where 'lr > 1e-3' --sort best --limit 5",
    "stride plot exp --metric val_accuracy --group-by config -o seeds.svg  # seeds as a band",
    "stride plot exp/latest --metric loss --by time",
)
FIELDS = {
    "by": "what the curves are drawn over: step, epoch, or time in seconds",
    "smoothing": "the weight of what came before; 0 for none",
    "spread": "what a band shows: range (least to largest), or deviation (one standard deviation)",
    "panels": "one for each quantity: `heading`, and `lines`, each with its `metric`, `label`, "
    "`runs` (addresses), `x`, `y`, and of a band, else null, `low`, `high` and `counts` (curves "
    "that have a value there)",
    "notes": "sentences on what is not drawn",
    "picture": "file of the picture; null where none was asked for",
}


def plot(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_run,
            help="Runs such as exp/3, or experiments, which mean their newest runs or those of "
            "--where; the current folder where none is named.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="NAME",
            help="A column of the tables, or several as 'train_*'. Repeatable. The monitor, where "
            "none is named.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="step|epoch|time",
            help="Over what; epochs, or steps where a metric is logged by steps.",
        ),
    ] = None,
    smoothing: Annotated[
        str,
        typer.Option(
            "--smoothing",
            metavar="WEIGHT",
            help="Exponential moving average, from 0 to below 1, as in TensorBoard.",
        ),
    ] = "0",
    log: Annotated[bool, typer.Option("--log", help="A logarithmic scale of values.")] = False,
    log_x: Annotated[bool, typer.Option("--log-x", help="Of steps, epochs or time too.")] = False,
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            "--group-by",
            metavar="config|KEY,...",
            autocompletion=complete_column,
            help="Runs that are equal in these become a mean and a band; config: in all that can "
            "change a result, but the seed.",
        ),
    ] = None,
    spread: Annotated[
        str,
        typer.Option(
            "--spread",
            metavar="range|deviation",
            help="What the band shows: least to largest, or one standard deviation.",
        ),
    ] = "range",
    where: Where = None,
    sort: Sort = None,
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            "-n",
            metavar="N",
            help=f"How many runs of experiments named whole; 0 for all. {NEWEST}, and all with "
            "--group-by.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="New picture: FILE.png, .svg or .pdf."),
    ] = None,
    json: Json = False,
) -> None:
    """Plot curves of runs, here or as a picture.

    A metric is a column of metrics.csv, else of steps.csv, else of timings.csv; `steps.lr` is
    exact. Metrics of the same quantity, as train_loss and val_loss, share their axes. Time is that
    of training, without pauses between attempts. Smoothing gives every value the average of those
    before it, `s = w s + (1 - w) y`, divided by `1 - w^n` for the n-th. What is not finite is a
    gap. Of many points those are drawn that keep every spike.
    """
    target = None if output is None else new_file(output, FORMATS, "a picture")
    wanted = Wanted(
        metrics=metric or (),
        by=None if by is None else By(_choice("--by", by, [*By])),
        smoothing=_share(smoothing),
        group_by=_parts(group_by),
        spread=Spread(_choice("--spread", spread, [*Spread])),
    )
    count = 0 if group_by else NEWEST
    count = count if limit is None else whole_number("--limit", limit)
    found = list(_rows(runs or (), where or (), _parts(sort), count))
    read = read_plot(found, wanted)
    if target is not None:
        _save_picture(target, read, log, log_x)
    if json:
        answer.write_json(_fields(read, wanted, target))
        return
    if target is None:
        for line in draw_plot(read, standard_output(), log=log, log_x=log_x):
            answer.write(line)
    for note in read.notes:
        answer.note(note)
    if target is not None:
        answer.note(f"the picture is {target}")


def _parts(texts: Sequence[str] | None) -> list[str]:
    """What stands between commas."""
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


def _rows(
    addresses: Sequence[str], where: Sequence[str], sort: Sequence[str], limit: int
) -> Iterator[Row]:
    """The runs that are named, each once, then those of experiments that are named whole."""
    named: list[Run] = []
    experiments: list[WorkDir] = []
    for address in addresses or (None,):
        if address is None or WorkDir(address).exists():
            experiments.append(open_experiment(address))
        else:
            named.append(open_run(address))
    if (where or sort) and not experiments:
        raise UsageError("--where and --sort choose among the runs of an experiment: name one")
    chosen = _selected(experiments, where, sort, limit) if experiments else []
    runs = dict.fromkeys([*named, *chosen])
    if not runs:
        what = "no run of which this is true" if where else "no runs yet"
        raise UsageError(f"{', '.join(each.address for each in experiments)}: {what}")
    return map(read_row, runs)


def _selected(
    experiments: Sequence[WorkDir], where: Sequence[str], sort: Sequence[str], limit: int
) -> list[Run]:
    # Deferred: runs that are named need no query.
    from stride.store.selection import select

    found = select(experiments, where, sort, limit or None, newest_first=True)
    if found.total > len(found):
        which = "first" if sort else "newest"
        answer.note(f"{len(found)} {which} of {found.total:,} runs; --limit 0 takes all")
    runs = list(found.runs())
    return runs if sort else runs[::-1]


def _choice(option: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise UsageError(f"{option} is {' or '.join(choices)}, not {text!r}")
    return text


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--smoothing takes a number from 0 to below 1, not {text!r}") from None


def _save_picture(path: Path, read: Plot, log: bool, log_x: bool) -> None:
    if not read.panels:
        raise UsageError("there is no picture: none of the runs has a curve")
    # Deferred: only a picture needs the module that knows matplotlib.
    from stride.report.plot_picture import draw_picture

    content = draw_picture(read, path.suffix.removeprefix("."), log=log, log_x=log_x)
    with storage_errors("write", path):
        written = write_exclusive(path, content)
    if not written:
        raise UsageError(f"--output {path} exists already, and is not overwritten")


def _fields(read: Plot, wanted: Wanted, target: Path | None) -> dict[str, Any]:
    return {
        "by": read.by,
        "smoothing": wanted.smoothing,
        "spread": wanted.spread,
        "panels": [
            {
                "heading": panel.heading,
                "lines": [
                    {
                        "metric": line.metric,
                        "label": line.label,
                        "runs": line.runs,
                        "x": line.x,
                        "y": line.y,
                        "low": line.low,
                        "high": line.high,
                        "counts": line.counts,
                    }
                    for line in panel.lines
                ],
            }
            for panel in read.panels
        ],
        "notes": read.notes,
        "picture": None if target is None else str(target),
    }
