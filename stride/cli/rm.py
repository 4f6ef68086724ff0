"""`stride rm`: moves runs to the trash of their experiment."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.chosen_runs import open_runs
from stride.cli.completion import complete_run
from stride.cli.confirmation import confirm
from stride.cli.list_options import Where
from stride.cli.options import DryRun, Json, Takeover, Yes
from stride.cli.status import STYLES
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import standard_output
from stride.cli.text import harmless
from stride.cli.trash_page import ENTRY_FIELDS, entry_fields
from stride.cli.value import moment_text
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.trash import TrashEntry, check_removable, remove_run

EXAMPLES = (
    "stride rm exp/3",
    "stride rm exp/3-7 exp/baseline",
    "stride rm exp --where \"status == 'failed'\" --dry-run",
    "stride restore exp/3  # brings it back",
)
FIELDS = {
    "[]": "an array, one removed run an element; with --dry-run `run`, `number`, `address` alone"
} | ENTRY_FIELDS


def rm(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            autocompletion=complete_run,
            help="Runs by number or name: exp/3, exp/baseline, exp/3-7; with --where experiments.",
            show_default=False,
        ),
    ],
    where: Where = None,
    takeover: Takeover = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Move runs to the experiment's trash.

    They lie there whole: stride restore brings them back, and only stride purge deletes them. A
    run that trains is not removed. If one of several cannot be removed, none is. What --where finds
    is shown first, and needs --yes.
    """
    chosen = open_runs(runs, where=where)
    for run in chosen:
        check_removable(run, takeover=takeover)
    if not json and (where or dry_run):
        _show(chosen)
    if dry_run or not chosen:
        _say_none(chosen, json=json)
        return
    if where:
        confirm(f"move {len(chosen)} run{'' if len(chosen) == 1 else 's'} to the trash", yes=yes)
    removed: list[TrashEntry] = []
    try:
        for run in chosen:
            removed.append(remove_run(run, takeover=takeover))
    finally:
        if json:
            answer.write_json([entry_fields(entry) for entry in removed])
        else:
            for entry in removed:
                answer.write(f"{harmless(entry.address)}  moved to the trash")
    if not json:
        answer.note(f"stride restore {removed[0].address} brings it back")


def _show(runs: list[Run]) -> None:
    """What would be removed."""
    rows = [read_row(run) for run in runs]
    columns = [Column("run"), Column("status"), Column("created"), Column("tags")]
    cells = [
        [
            Cell(harmless(row.run.address), "bold"),
            Cell(row.status, STYLES[row.status]),
            Cell(moment_text(row.record.created if row.record else None)),
            Cell(harmless(" ".join(row.labels.tags)) if row.labels else "", "yellow"),
        ]
        for row in rows
    ]
    for line in draw_table(columns, cells, standard_output()) if cells else ():
        answer.write(line)


def _say_none(runs: list[Run], *, json: bool) -> None:
    """That nothing was removed."""
    if json:
        answer.write_json(
            [{"run": run.name, "number": run.number, "address": run.address} for run in runs]
        )
        return
    count = f"{len(runs)} run{'' if len(runs) == 1 else 's'} would be moved to the trash"
    answer.note(count if runs else "there is no such run")
