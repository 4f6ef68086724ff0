"""`stride show`: one run in full."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Json, RunAddress
from stride.cli.portrait_page import draw_portrait
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.terminal import standard_output
from stride.report.portrait import Portrait, read_portrait

EXAMPLES = (
    "stride show exp/3",
    "stride show exp/latest --all  # defaults and every file too",
    "stride show exp/3 --json | jq .results",
)
FIELDS = RUN_FIELDS | {
    "attempts": "one element an attempt: start, end, host, pid, device, steps, how it ended, the"
    " settings that it changed, the checkpoint that it went on from, notes",
    "overrides": "as they were typed when the run was created",
    "parents": "the runs that this one was made from: relation, work_dir, run, id of each",
    "sweep": "the trial that it is: sweep, study, trial; or null",
    "resolved": "what data and machine decided, by dotted key",
    "fingerprints": "of the data, by split",
    "code": "the user's own things that the config names: reference, path, digest",
    "digests": "of the weights, by file name",
    "error": "type, message and where of a failed run; else null",
    "results": "the numbers of every file in results/, by name",
    "files": "path inside the run and size in bytes of every file",
    "provenance": "code, machine, packages and notes of the newest attempt",
}


def show(
    run: RunAddress,
    every: Annotated[
        bool, typer.Option("--all", help="Show also every default and every file.")
    ] = False,
    json: Json = False,
) -> None:
    """Show one run in full.

    Status with its reason, best and last metrics, results, the config keys that people chose, what
    the data decided, attempts, code, machine and files. A key that a later attempt changed is shown
    with what it was before.
    """
    portrait = read_portrait(open_run(run))
    if json:
        answer.write_json(_fields(portrait))
        return
    for line in draw_portrait(portrait, standard_output(), every=every):
        answer.write(line)


def _fields(portrait: Portrait) -> dict[str, Any]:
    record = msgspec.to_builtins(portrait.record)
    provenance = portrait.provenance
    names = (
        "attempts",
        "overrides",
        "parents",
        "sweep",
        "resolved",
        "fingerprints",
        "code",
        "digests",
        "error",
    )
    return {
        **run_fields(portrait.row),
        **{name: record[name] for name in names},
        "results": portrait.results,
        "files": [{"path": path, "size": size} for path, size in portrait.files],
        "provenance": {
            "code": msgspec.to_builtins(provenance.code),
            "machine": msgspec.to_builtins(provenance.machine),
            "packages": provenance.packages,
            "notes": provenance.notes,
        },
    }
