"""`stride prune`: removes checkpoints that need not be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.chosen_runs import open_runs
from stride.cli.completion import complete_run
from stride.cli.confirmation import confirm
from stride.cli.list_options import Where
from stride.cli.options import DryRun, Json, Yes
from stride.cli.status import STYLES
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.cli.value import NOTHING, size_text
from stride.errors import RunBusyError, StorageError
from stride.store.freed import Freed
from stride.store.pruning import Keep, Pruning, parse_keep, plan_pruning
from stride.store.pruning import prune as prune_run
from stride.store.row import read_row
from stride.store.run import Run

EXAMPLES = (
    "stride prune exp --dry-run  # what it would free",
    "stride prune exp",
    "stride prune exp/0-20 --keep last --yes",
    "stride prune exp --where \"'paper' not in tags\" --keep last",
    "stride prune exp/3 --keep none  # of a completed run: the weights stay",
)
FIELDS = {
    "runs": "one run an element: `address`; `status`; `kept`: name and reasons of each checkpoint "
    "that stays; `removed`: names; `broken`: name and what is wrong, of what is no whole "
    "checkpoint and stays; `freed`: bytes; `shared`: bytes of files that keep another name, as the"
    " best weights do; `resumable`: whether it can go on afterwards, null for a completed run",
    "skipped": "address and reason of each run that was left alone",
    "keep": "what was to be kept of each run",
    "freed": "bytes that are freed by all of it",
    "done": "whether it was done; false with --dry-run",
}


def prune(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="EXP|RUN...",
            autocompletion=complete_run,
            help="All runs of an experiment, or runs by number or name: exp/3, exp/3-7.",
            show_default=False,
        ),
    ],
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            metavar="WHAT",
            help="Of each run: best, last, how many of the newest, or none.",
        ),
    ] = "best,last",
    where: Where = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove checkpoints that need not be kept.

    They go for good; weights, tables and results stay. A run that is not completed keeps the newest
    checkpoint that verifies, whatever is asked, so that it can go on; a run that trains is left
    alone. Bytes are counted once the last name of a file goes: checkpoints share the best weights
    with the run.
    """
    wanted = parse_keep(keep)
    plans, skipped = _plan(open_runs(runs, whole=True, where=where), wanted)
    freed = sum((plan.freed for plan in plans), Freed()).bytes
    count = sum(len(plan.removed) for plan in plans)
    noun = f"{count} checkpoint{'' if count == 1 else 's'}"
    if not json:
        _show(plans, skipped)
    if count and not dry_run:
        confirm(f"remove {noun} for good and free {size_text(freed)}", yes=yes)
        plans = [prune_run(plan.run, wanted) if plan.removed else plan for plan in plans]
        freed = sum((plan.freed for plan in plans), Freed()).bytes
    if json:
        answer.write_json(
            {
                "runs": [_fields(plan) for plan in plans],
                "skipped": [{"address": run.address, "reason": why} for run, why in skipped],
                "keep": wanted.text,
                "freed": freed,
                "done": not dry_run,
            }
        )
    elif not count:
        answer.note("there is nothing to remove")
    else:
        answer.write(f"{noun}, {size_text(freed)} {'would be freed' if dry_run else 'freed'}")


def _plan(runs: Sequence[Run], keep: Keep) -> tuple[list[Pruning], list[tuple[Run, str]]]:
    plans: list[Pruning] = []
    skipped: list[tuple[Run, str]] = []
    for run in runs:
        if not run.checkpoints_path.is_dir():
            continue
        try:
            plans.append(plan_pruning(run, keep))
        except (RunBusyError, StorageError) as error:
            skipped.append((run, str(error)))
    return plans, skipped


def _show(plans: Sequence[Pruning], skipped: Sequence[tuple[Run, str]]) -> None:
    shown = [plan for plan in plans if plan.removed]
    for line in _draw(shown, standard_output()) if shown else ():
        answer.write(line)
    for run, reason in skipped:
        answer.note(f"{run.address} is left alone: {reason}")
    for plan in plans:
        for folder, wrong in plan.broken.items():
            answer.note(f"{plan.run.address}: {folder.name} is broken and stays: {wrong}")
        if plan.resumable is False and (plan.broken or plan.kept):
            answer.note(f"{plan.run.address} keeps all: none of its checkpoints verifies")
        elif plan.resumable is None and plan.removed and not plan.kept:
            answer.note(f"{plan.run.address} can then not be continued by stride fit --continue")


def _draw(plans: Sequence[Pruning], terminal: Terminal) -> Iterator[str]:
    columns = [
        Column("run"),
        Column("status"),
        Column("removed", True),
        Column("freed", True),
        Column("kept"),
    ]
    rows = []
    for plan in plans:
        status = read_row(plan.run).status
        kept = ", ".join(f"{folder.name} ({', '.join(why)})" for folder, why in plan.kept.items())
        rows.append(
            [
                Cell(harmless(plan.run.address), "bold"),
                Cell(status, STYLES[status]),
                Cell(str(len(plan.removed))),
                Cell(size_text(plan.freed.bytes)),
                Cell(kept or NOTHING),
            ]
        )
    return draw_table(columns, rows, terminal)


def _fields(plan: Pruning) -> dict[str, Any]:
    return {
        "address": plan.run.address,
        "status": read_row(plan.run).status,
        "kept": [{"name": folder.name, "reasons": why} for folder, why in plan.kept.items()],
        "removed": [folder.name for folder in plan.removed],
        "broken": [{"name": folder.name, "problem": why} for folder, why in plan.broken.items()],
        "freed": plan.freed.bytes,
        "shared": plan.freed.shared,
        "resumable": plan.resumable,
    }
