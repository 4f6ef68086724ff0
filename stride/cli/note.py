"""`stride note`: writes the note on a run, or prints it."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Json, RunAddress
from stride.cli.tag import FIELDS as LABEL_FIELDS
from stride.cli.tag import label_fields
from stride.cli.text import harmless
from stride.errors import UsageError

EXAMPLES = (
    "stride note exp/3 the one with the long warm-up",
    "stride note exp/3  # prints it",
    "stride note exp/3 --append and it held on the test data",
    "stride note exp/3 --remove",
)
FIELDS = {key: text for key, text in LABEL_FIELDS.items() if key != "[]"}


def note(
    run: RunAddress,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT]...", help="The note; several words need no quotes.", show_default=False
        ),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add a line to the note that there is.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the note away.")] = False,
    json: Json = False,
) -> None:
    """Write a note on a run, or print it.

    A text takes the place of the note before. A run may be noted on at any time, also while it
    trains.
    """
    words = " ".join(text or ()).strip()
    if remove and (words or append):
        raise UsageError("--remove takes the note away: give it neither a text nor --append")
    if (append or text) and not words:
        raise UsageError("the text of the note is missing, as in stride note exp/3 the best so far")
    opened = open_run(run)
    if words or remove:
        labels = opened.write_labels(note=words, append=append)
    else:
        labels = opened.read_labels()
    if json:
        answer.write_json(label_fields(opened, labels))
        return
    if not labels.note:
        answer.note(f"{opened.address} has no note")
        return
    for line in labels.note.split("\n"):
        answer.write(harmless(line))
