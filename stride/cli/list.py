"""`stride list`: the runs of an experiment, newest first."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.experiment import open_experiment
from stride.cli.listing import draw_listing
from stride.cli.options import Json
from stride.cli.parameters import whole_number
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.terminal import standard_output
from stride.store.row import Row, read_row

NEWEST = 30

EXAMPLES = (
    "stride list exp",
    "stride list exp --limit 100",
    "stride list exp --limit 0  # all of them",
    "stride list exp --json | jq '.[] | select(.status == \"completed\") | .address'",
)
FIELDS = {"[]": "an array, one run a line, newest first", **RUN_FIELDS}


def list(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            "-n",
            metavar="N",
            help="How many of the newest runs; 0 for all. 30, and all with --json.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List runs: status, best metric, what differs.

    The status of a run that was left running is worked out from what is known of its process:
    alive, crashed, stalled or unknown. Config keys are shown where the runs listed differ in them:
    names of things first, then what people chose; those that have no room are named below, and
    arguments that only one model or optimiser has are counted. A run whose files cannot be read is
    marked, with the reason.
    """
    found = open_experiment(experiment)
    default = 0 if json else NEWEST
    count = default if limit is None else whole_number("--limit", limit)
    runs = found.newest(count or sys.maxsize)
    rows = (read_row(run) for run in runs)
    if json:
        answer.write_json_array(run_fields(row) for row in rows)
        return
    total = found.count() if len(runs) == count else len(runs)
    _write_table([*rows], total, found.address)


def _write_table(rows: Sequence[Row], count: int, path: str) -> None:
    if not rows:
        answer.note(f"{path} has no runs yet; stride fit --config work_dir={path} makes one")
        return
    for line in draw_listing(rows, standard_output()):
        answer.write(line)
    if count > len(rows):
        answer.write(f"\n{len(rows)} newest of {count} runs; --limit 0 lists all")
