"""`stride report`: a page of all runs of an experiment, or how they scale with ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment, complete_removal
from stride.cli.experiment import open_experiment
from stride.cli.list_options import Where
from stride.cli.options import Json
from stride.cli.parameters import whole_number
from stride.cli.scaling_report import FIELDS as SCALING_FIELDS
from stride.cli.scaling_report import report_scaling
from stride.cli.value import size_text
from stride.errors import UsageError
from stride.files import storage_errors, write_atomic, write_exclusive
from stride.store.row import read_row
from stride.store.work_dir import WorkDir

NEWEST = 1000
PAGE = "report.html"

EXAMPLES = (
    "stride report exp",
    "stride report exp -o exp.html --where 'val_loss < 0.1'",
    "stride report --scaling exp -o scaling.svg",
    "stride report --scaling exp --except load_data_kwargs.train_loader_kwargs.batch_size",
    "stride report --scaling exp --json | jq '.comparisons[].points[] | [.ranks, .speed_up]'",
)
PAGE_FIELDS = {
    "experiment": "its folder, as typed",
    "page": "file of the page",
    "bytes": "its size",
    "runs": "how many are on it",
    "points": "how many a curve has at most",
    "notes": "sentences on what cannot be read",
}
FIELDS = PAGE_FIELDS | {
    name: text if name == "experiment" else f"with --scaling, {text}"
    for name, text in SCALING_FIELDS.items()
}


def report(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"The page, FILE.html; {PAGE} where none is named. With --scaling a new picture, "
            "FILE.png or FILE.svg.",
        ),
    ] = None,
    where: Where = None,
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            "-n",
            metavar="N",
            help=f"How many of the newest runs are on the page; 0 for all. {NEWEST}.",
        ),
    ] = None,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Compare the speed on different ranks and machines.")
    ] = False,
    excepted: Annotated[
        list[str] | None,
        typer.Option(
            "--except",
            metavar="KEY",
            autocompletion=complete_removal,
            help="With --scaling, a key that may differ as well; or code, data, device. "
            "Repeatable.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write a page of all runs of an experiment.

    One HTML file that needs no network: a table to sort and filter, curves to overlay, what
    differs, and the details of each run. Curves are thinned so that 1,000 runs take less than 2 MB;
    every spike stays. A page that stride wrote before is replaced, any other file is not.

    With --scaling, compares runs that differ in their ranks and machines, and in nothing else that
    changes the result or the device: samples a second, the speed-up over the fewest ranks, and the
    efficiency, which is the speed-up over how many times more ranks there are. A run counts by the
    median of its epochs without the first, several alike by the median of theirs.
    """
    if scaling and (where or limit is not None):
        raise UsageError("--scaling compares all runs: leave out --where and --limit")
    if excepted and not scaling:
        raise UsageError("--except belongs to --scaling")
    found = open_experiment(experiment)
    if scaling:
        report_scaling(found, excepted or (), output, json=json)
        return
    count = NEWEST if limit is None else whole_number("--limit", limit)
    _write_page(found, where or (), count, _page_file(output or PAGE), json=json)


def _page_file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix not in (".html", ".htm"):
        raise UsageError(f"--output {text}: a report is a page; give a name such as {PAGE}")
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}")
    return path


def _write_page(
    experiment: WorkDir, where: list[str] | tuple[()], limit: int, path: Path, *, json: bool
) -> None:
    # Deferred: --scaling needs neither.
    from stride.report.experiment_page import build_page, is_page
    from stride.store.selection import select

    if path.exists() and not is_page(path):
        raise UsageError(f"--output {path} is there, and no page of stride: it stays as it is")
    selection = select([experiment], where, limit=limit or None, newest_first=True)
    if selection.total > len(selection):
        answer.note(
            f"{len(selection):,} newest of {selection.total:,} runs; --limit 0 takes all, and the "
            "page grows"
        )
    rows = [read_row(run) for run in selection.runs()]
    name = experiment.path.resolve().name if experiment.address == "." else experiment.address
    page = build_page(rows, name, " and ".join(where))
    with storage_errors("write", path):
        if path.exists():
            write_atomic(path, page.content)
        elif not write_exclusive(path, page.content):
            raise UsageError(f"--output {path} exists already, and is not overwritten")
    if json:
        answer.write_json(
            {
                "experiment": experiment.address,
                "page": str(path),
                "bytes": len(page.content),
                "runs": page.runs,
                "points": page.points,
                "notes": page.notes,
            }
        )
        return
    answer.write(str(path))
    runs = "1 run" if page.runs == 1 else f"{page.runs:,} runs"
    answer.note(f"{runs}, {size_text(len(page.content))}; open it in a browser")
    for note in page.notes:
        answer.note(note)
