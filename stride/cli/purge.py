"""`stride purge`: deletes what lies in the trash, for good."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_trashed
from stride.cli.confirmation import confirm
from stride.cli.experiment import open_experiment
from stride.cli.options import DryRun, Json, Yes
from stride.cli.terminal import standard_output
from stride.cli.trash_entries import find_all
from stride.cli.trash_page import ENTRY_FIELDS, SIZE_FIELDS, draw_entries, sized_fields
from stride.cli.value import size_text
from stride.errors import UsageError
from stride.store.freed import measure_freed
from stride.store.purging import check_dead, delete, leftovers, purge_entry
from stride.store.trash import TrashEntry, read_trash
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride purge exp --dry-run  # what it would free",
    "stride purge exp",
    "stride purge exp 3 baseline --yes",
)
FIELDS = {
    "runs": "one removed run an element: "
    + "; ".join(f"`{key}`: {text}" for key, text in (ENTRY_FIELDS | SIZE_FIELDS).items()),
    "leftovers": "paths of what earlier purges did not finish, and of what doctor set aside",
    "freed": "bytes that are freed by all of it",
    "done": "whether it was deleted; false with --dry-run",
}


def purge(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_trashed,
            help="The experiment whose trash is emptied; or a removed run, as exp/3.",
            show_default=False,
        ),
    ],
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            autocompletion=complete_trashed,
            help="Only these, by the number or name that they had: 3, baseline, 3-7.",
            show_default=False,
        ),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Delete what lies in the trash, for good.

    All runs in it, or only those named. Nothing outside the trash is touched: symbolic links in
    it go, what they lead to stays. A purge that was cut short is finished by the next one.
    """
    entries, rest = _chosen(experiment, runs or [])
    for entry in entries:
        check_dead(entry.run)
    rows = [sized_fields(entry) for entry in entries]
    freed = measure_freed([*(entry.folder for entry in entries), *rest]).bytes
    if not rows and not rest:
        if json:
            answer.write_json(_fields([], [], 0, done=not dry_run))
        else:
            answer.note(f"the trash of {experiment} is empty")
        return
    count = f"{len(rows)} run{'' if len(rows) == 1 else 's'}{' and leftovers' if rest else ''}"
    if not json:
        for line in draw_entries(rows, standard_output()) if rows else ():
            answer.write(line)
    if not dry_run:
        confirm(f"delete {count} for good and free {size_text(freed)}", yes=yes)
        for path in rest:
            delete(path)
        for entry in entries:
            purge_entry(entry)
    if json:
        answer.write_json(_fields(rows, rest, freed, done=not dry_run))
        return
    answer.write(f"{count}, {size_text(freed)} {'would be freed' if dry_run else 'freed'}")


def _chosen(first: str, runs: list[str]) -> tuple[list[TrashEntry], list[Any]]:
    """The entries, and the leftovers that go with them where all is meant."""
    if not WorkDir(first).exists() and not runs:
        return find_all([first]), []
    experiment = open_experiment(first)
    if not runs:
        return read_trash(experiment), leftovers(experiment)
    if any("/" in run for run in runs):
        raise UsageError(f"name the runs of {first} without it, as in stride purge {first} 3 4")
    return find_all([f"{experiment.address}/{run}" for run in runs]), []


def _fields(rows: list[Any], rest: list[Any], freed: int, *, done: bool) -> dict[str, Any]:
    return {"runs": rows, "leftovers": [str(path) for path in rest], "freed": freed, "done": done}
