"""`stride import`: takes runs from an archive into an experiment, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.experiment import written_by_a_person
from stride.cli.options import Json
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.text import harmless
from stride.store.archive.importing import import_runs as import_archive
from stride.store.row import read_row
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride import runs.tar.gz exp",
    "stride import runs.zip exp --skip-existing",
)
FIELDS = {
    "runs": "one imported run an element, with the fields of stride show: "
    + ", ".join(f"`{key}`" for key in RUN_FIELDS)
    + "; and `origin`: `experiment`, `run` and `archive` that it came from",
    "skipped": "one run an element that is there already: `run`, `id`, `where`",
}


def import_runs(
    archive: Annotated[
        str, typer.Argument(metavar="ARCHIVE", help="What stride export wrote.", show_default=False)
    ],
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment that takes the runs; made where there is none.",
            show_default=False,
        ),
    ],
    skip_existing: Annotated[
        bool,
        typer.Option("--skip-existing", help="Leave out runs that are there; do not refuse."),
    ] = False,
    json: Json = False,
) -> None:
    """Take runs from an archive, verified.

    Each gets the next number and keeps its id. Every digest is compared before the first run
    appears, and nothing is written outside the experiment, whatever the archive holds. Code that
    an imported run names is imported only with --trust.
    """
    with written_by_a_person():
        done = import_archive(
            Path(archive).expanduser(), WorkDir(experiment), skip_existing=skip_existing
        )
    if json:
        answer.write_json(
            {
                "runs": [
                    {
                        **run_fields(read_row(run)),
                        "origin": {
                            "experiment": origin.experiment,
                            "run": origin.run,
                            "archive": origin.archive,
                        },
                    }
                    for run, origin in done.runs
                ],
                "skipped": [
                    {"run": run.run, "id": run.id, "where": where} for run, where in done.skipped
                ],
            }
        )
        return
    for skipped, where in done.skipped:
        answer.note(f"run {skipped.run} is left out: it is in {where} already")
    for run, origin in done.runs:
        answer.write(f"{harmless(run.address)}  was {harmless(origin.experiment)}/{origin.run}")
