"""`stride tag`: adds tags to runs, takes them away, or prints them."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.chosen_runs import open_runs
from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.options import Json
from stride.cli.text import harmless
from stride.errors import UsageError
from stride.store.labels import Labels
from stride.store.run import Run

EXAMPLES = (
    "stride tag exp/3 paper",
    "stride tag exp/3 exp/7-9 paper final",
    "stride tag exp/3 --remove paper",
    "stride tag exp/3  # prints its tags",
)
FIELDS = {
    "[]": "an array, one run an element",
    "run": "the run's name in its experiment",
    "address": "what a command takes",
    "tags": "its tags now, in the order in which they came",
    "note": "its note",
}

_RUN = re.compile(r".*/.*|[0-9]+(-[0-9]+)?", re.DOTALL)
_LONGEST = 100


def tag(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... TAG...",
            autocompletion=complete_run,
            help="Runs, as exp/3 or exp/3-7, and tags. The first is a run, and so is what has a "
            "slash or is a number; the others are tags.",
            show_default=False,
        ),
    ],
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="TAG", help="Take a tag away. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Tag runs, or print their tags.

    Tags are there to find runs again, and stand in stride list. A run may be tagged at any time,
    also while it trains.
    """
    named = [words[0], *(word for word in words[1:] if _RUN.fullmatch(word))]
    added = [word for word in words[1:] if not _RUN.fullmatch(word)]
    for each in (*added, *(remove or ())):
        _check(each)
    runs = [run for address in named for run in _open(address)]
    answers = []
    for run in runs:
        labels = run.read_labels()
        if added or remove:
            labels = run.write_labels(add_tags=tuple(added), remove_tags=tuple(remove or ()))
        answers.append(label_fields(run, labels))
    if json:
        answer.write_json(answers)
        return
    for fields in answers:
        tags = " ".join(map(harmless, fields["tags"]))
        answer.write(f"{harmless(fields['address'])}  {tags or 'no tags'}")


def label_fields(run: Run, labels: Labels) -> dict[str, Any]:
    """The labels of a run in JSON."""
    return {"run": run.name, "address": run.address, "tags": labels.tags, "note": labels.note}


def _open(address: str) -> list[Run]:
    return open_runs([address]) if re.search(r"[0-9]-[0-9]+$", address) else [open_run(address)]


def _check(text: str) -> None:
    if not text or len(text) > _LONGEST or not text.isprintable() or re.search(r"[\s,/]", text):
        raise UsageError(
            f"{text[:120]!r} is no tag: a tag is a word without blanks, commas and slashes, of at "
            f"most {_LONGEST} characters"
        )
    if text[0] in "-+":
        raise UsageError(
            f"{text!r} is no tag: stride tag RUN {text[1:] or 'TAG'} adds one, --remove takes it"
            " away"
        )
    if text.isdigit():
        raise UsageError(f"{text!r} is no tag but the number of a run")
