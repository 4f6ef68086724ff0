"""`stride doctor`: finds what is damaged or left over in an experiment, and mends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.options import Json
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.errors import StoredFileError, UsageError, VerificationError
from stride.store.doctor.examination import Treated, examine, relative, treat
from stride.store.doctor.finding import Level
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride doctor exp",
    "stride doctor exp --deep  # compares digests as well",
    "stride doctor exp --fix",
)
FIELDS = {
    "findings": "one element each: `kind`; `level`: problem or note; `path`; `text`; `mendable`; "
    "`done`: what was done about it, or null; `failure`: why nothing could be, or null",
    "problems": "how many problems remain",
    "mended": "how much was mended",
}


def doctor(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended safely, and say what was done.")
    ] = False,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read all weights and checkpoints, and compare their digests."),
    ] = False,
    json: Json = False,
) -> None:
    """Find what is damaged or left over; mend it.

    Looks for files that were torn, checkpoints that are not whole, what dead processes left, runs
    without their files, copied runs and names that clash. With --fix nothing that has content is
    deleted: it is moved to the trash, where stride purge deletes it. Runs that train are left
    alone. Exit code 3 if problems remain.
    """
    found = _open(experiment)
    treated = treat(examine(found, deep=deep), fix=fix)
    if json:
        done = [*treated]
        answer.write_json(
            {
                "findings": [_fields(each) for each in done],
                "problems": sum(each.remains for each in done),
                "mended": sum(each.done is not None for each in done),
            }
        )
    else:
        done = _write(found, treated, standard_output())
    remain = sum(each.remains for each in done)
    if remain:
        can = sum(each.remains and each.finding.mend is not None for each in done)
        hint = f"; --fix mends {can} of them" if can and not fix else ""
        plural = "problem remains" if remain == 1 else "problems remain"
        raise VerificationError(f"{remain} {plural} in {found.address}{hint}")


def _open(path: str | None) -> WorkDir:
    """The experiment, also one whose config.json is torn: that is to be found."""
    experiment = WorkDir(path if path is not None else ".")
    try:
        experiment.check()
    except StoredFileError:
        return experiment
    except UsageError as error:
        if path is None:
            raise UsageError(
                "the current folder is no experiment: name one, as in stride doctor exp"
            ) from error
        raise
    return experiment


def _write(experiment: WorkDir, treated: Iterable[Treated], terminal: Terminal) -> list[Treated]:
    done = []
    for each in treated:
        finding = each.finding
        word, style = "problem", "red"
        if each.done is not None:
            word, style = "mended", "green"
        elif finding.level is Level.NOTE:
            word, style = "note", "yellow"
        path = relative(experiment, finding.path)
        text = finding.text.replace(str(finding.path), "it")
        said = [f"{terminal.paint(word, style)}  {harmless(f'{path}: {finding.kind}: {text}')}"]
        if each.done is not None:
            done_to = each.done.replace(f"{experiment.path}/", f"{experiment.address}/")
            said.append(f"  {harmless(done_to)}")
        if each.failure is not None:
            said.append(f"  could not be mended: {harmless(each.failure)}")
        for line in said:
            answer.write(line)
        done.append(each)
    notes = sum(each.finding.level is Level.NOTE and each.done is None for each in done)
    mended = sum(each.done is not None for each in done)
    if not done:
        answer.write(f"{harmless(experiment.address)} is well")
    elif mended or notes:
        counts = [f"{mended} mended"] * bool(mended) + [f"{notes} to be known"] * bool(notes)
        answer.note(", ".join(counts))
    return done


def _fields(each: Treated) -> dict[str, Any]:
    return {
        "kind": each.finding.kind,
        "level": each.finding.level.value,
        "path": str(each.finding.path),
        "text": each.finding.text,
        "mendable": each.finding.mend is not None,
        "done": each.done,
        "failure": each.failure,
    }
