"""`stride verify`: compares two trainings of a config, bit by bit."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.options import Json, Tolerance
from stride.cli.parameters import fraction
from stride.cli.terminal import standard_output
from stride.cli.verification_page import FIELDS as FIELDS
from stride.cli.verification_page import draw_verification, refusal, verification_fields
from stride.errors import UsageError, VerificationError
from stride.report.verification import verify_runs

EXAMPLES = (
    "stride verify exp/9 exp/3",
    "stride verify exp/9 exp/3 --tolerance 1e-6",
    "stride verify exp/9 exp/3 --json | jq .parting",
)


def verify(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", autocompletion=complete_run, help="The run in question."),
    ],
    original: Annotated[
        str,
        typer.Argument(
            metavar="ORIGINAL",
            autocompletion=complete_run,
            help="The run that it should agree with.",
        ),
    ],
    tolerance: Tolerance = "0",
    json: Json = False,
) -> None:
    """Compare two trainings, bit by bit.

    Metrics and steps row by row, the state at each checkpoint, weights and results at the end. Says
    `identical`, or the first step where the two part and by how much, and what differs in code,
    packages, data and machine. Exit code 3 where they part by more than the tolerance.
    """
    allowed = fraction("--tolerance", tolerance)
    first, second = open_run(run), open_run(original)
    if first == second:
        raise UsageError(f"{run} and {original} are the same run; name two")
    found = verify_runs(first, second, allowed)
    if json:
        answer.write_json(verification_fields(found, first, second))
    else:
        for line in draw_verification(found, first, second, standard_output()):
            answer.write(line)
    if not found.holds:
        raise VerificationError(refusal(found))
