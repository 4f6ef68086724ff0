"""`stride trash`: the runs that were removed and can be restored."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.experiment import open_experiment
from stride.cli.options import Json
from stride.cli.terminal import standard_output
from stride.cli.trash_page import ENTRY_FIELDS, SIZE_FIELDS, draw_entries, sized_fields
from stride.cli.value import size_text
from stride.store.freed import measure_freed
from stride.store.purging import leftovers
from stride.store.trash import read_trash

EXAMPLES = ("stride trash exp", "stride trash exp --json")
FIELDS = {"[]": "an array, one removed run an element"} | ENTRY_FIELDS | SIZE_FIELDS


def trash(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List removed runs: when, and their size.

    stride restore brings one back, stride purge deletes them. A number is not given again while
    its run lies in the trash.
    """
    found = open_experiment(experiment)
    rows = [sized_fields(entry) for entry in read_trash(found)]
    rest = leftovers(found)
    if rest:
        size = size_text(measure_freed(rest).bytes)
        answer.note(f"besides, {size} are left over; stride purge {found.address} deletes them")
    if json:
        answer.write_json(rows)
    elif rows:
        for line in draw_entries(rows, standard_output()):
            answer.write(line)
    else:
        answer.note(f"no runs are in the trash of {found.address}")
