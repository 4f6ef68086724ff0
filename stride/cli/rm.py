"""`stride rm`: moves runs to the trash of their experiment."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.chosen_runs import open_runs
from stride.cli.completion import complete_run
from stride.cli.options import Json, Takeover
from stride.cli.text import harmless
from stride.cli.trash_page import ENTRY_FIELDS, entry_fields
from stride.store.trash import TrashEntry, check_removable, remove_run

EXAMPLES = (
    "stride rm exp/3",
    "stride rm exp/3-7 exp/baseline",
    "stride restore exp/3  # brings it back",
)
FIELDS = {"[]": "an array, one removed run an element"} | ENTRY_FIELDS


def rm(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            autocompletion=complete_run,
            help="Runs by number or name: exp/3, exp/baseline, exp/3-7.",
            show_default=False,
        ),
    ],
    takeover: Takeover = False,
    json: Json = False,
) -> None:
    """Move runs to the experiment's trash.

    They lie there whole: stride restore brings them back, and only stride purge deletes them. A
    run that trains is not removed. If one of several cannot be removed, none is.
    """
    chosen = open_runs(runs)
    for run in chosen:
        check_removable(run, takeover=takeover)
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
