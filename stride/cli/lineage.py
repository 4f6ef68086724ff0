"""`stride lineage`: what a run was made from, and what was made from it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment, complete_run
from stride.cli.experiment import open_experiment, open_run, written_by_a_person
from stride.cli.lineage_page import draw_lineage
from stride.cli.options import Json
from stride.cli.terminal import standard_output
from stride.config.differences import ABSENT
from stride.report.lineage import lineage_of_experiment, lineage_of_run
from stride.report.relatives import Lineage, Link
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride lineage exp/9",
    "stride lineage exp  # of all runs that were made from others",
    "stride lineage exp/9 --also other  # children in another experiment too",
    "stride lineage exp/9 --json | jq '.relatives[].parents'",
)
FIELDS = {
    "run": "address of the run that was asked about; null for an experiment",
    "relatives": "one element a run: address, id, whereabouts (here, moved, in the trash, removed,"
    " its experiment is gone), status, monitor and best (value by the first monitor), problem,"
    " children (addresses), and parents: relation, address, id, changes (config key to the value in"
    " the parent and in the run)",
    "unrelated": "how many runs of the experiment have neither parents nor children; 0 for a run",
}


def lineage(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|EXP",
            autocompletion=complete_run,
            help="A run, or an experiment: the current folder, where none is named.",
            show_default=False,
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="EXP",
            autocompletion=complete_experiment,
            help="Look for children of the run in this experiment too. Repeatable.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show from which runs a run was made.

    And which were made from it, as a tree; of an experiment, all that have such relations. Each
    with how it was made (a changed config, weights, continued, rerun), the keys that were changed,
    and its best metric. Parents are known by their permanent id, so that a run that was moved or
    got another number is found; one that was removed is named as such.
    """
    found = _find(run, [open_experiment(path) for path in also or ()])
    if json:
        answer.write_json(_fields(found))
        return
    for line in draw_lineage(found, standard_output()):
        answer.write(line)


def _find(address: str | None, also: list[WorkDir]) -> Lineage:
    if address is None:
        return lineage_of_experiment(open_experiment(None))
    with written_by_a_person():
        if WorkDir(address).exists():
            return lineage_of_experiment(open_experiment(address))
    return lineage_of_run(open_run(address), also)


def _fields(found: Lineage) -> dict[str, Any]:
    relatives = found.relatives
    return {
        "run": None if found.start is None else relatives[found.start].address,
        "relatives": [
            {
                "address": each.address,
                "id": each.id,
                "whereabouts": str(each.whereabouts),
                "status": each.status,
                "monitor": each.monitor,
                "best": each.best,
                "problem": each.problem,
                "parents": [_link_fields(found, link) for link in each.parents],
                "children": [relatives[key].address for key in found.children.get(each.key, ())],
            }
            for each in relatives.values()
        ],
        "unrelated": found.unrelated,
    }


def _link_fields(found: Lineage, link: Link) -> dict[str, Any]:
    parent = found.relatives[link.key]
    return {
        "relation": link.relation,
        "address": parent.address,
        "id": parent.id,
        "changes": {
            key: [None if value is ABSENT else value for value in values]
            for key, values in link.changes.items()
        },
    }
