"""`stride restore`: brings removed runs back from the trash."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_trashed
from stride.cli.options import Json
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.text import harmless
from stride.cli.trash_entries import find_one, split_address
from stride.errors import UsageError
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.trash import read_trash, restore_run

EXAMPLES = (
    "stride restore exp/3",
    "stride restore exp/baseline --id 4f2a  # where several were called so",
    "stride restore exp/baseline --as baseline-2  # where the name is taken",
    "stride trash exp  # lists what can be restored",
)
FIELDS = {"[]": "an array, one restored run an element"} | RUN_FIELDS


def restore(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            autocompletion=complete_trashed,
            help="Removed runs by the number or name that they had: exp/3, exp/baseline, exp/3-7.",
            show_default=False,
        ),
    ],
    id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="The beginning of its id, where several fit."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Give it another name.")
    ] = None,
    json: Json = False,
) -> None:
    """Bring removed runs back from the trash.

    A run comes back whole, to the number or name that it had; where that is taken nothing changes.
    """
    addresses = [each for address in runs for each in _each(address)]
    if len(addresses) > 1 and (id is not None or name is not None):
        raise UsageError("--id and --as are for one run: name only one")
    entries = [find_one(address, id) for address in dict.fromkeys(addresses)]
    restored: list[Run] = []
    try:
        for entry in entries:
            restored.append(restore_run(entry, name=name))
    finally:
        if json:
            answer.write_json([run_fields(read_row(run)) for run in restored])
        else:
            for run in restored:
                answer.write(f"{harmless(run.address)}  restored")


def _each(address: str) -> list[str]:
    """The addresses of a range."""
    experiment, reference = split_address(address)
    first, dash, last = reference.partition("-")
    if not (dash and first.isdigit() and last.isdigit()):
        return [address]
    numbers = range(int(first), int(last) + 1)
    names = {each.name for each in read_trash(experiment) if each.name.isdigit()}
    found = sorted(int(name) for name in names if int(name) in numbers)
    return [f"{experiment.address}/{number}" for number in found] or [address]
