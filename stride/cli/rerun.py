"""`stride rerun`: trains a run again, and says whether the same came out."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.joining import meeting, plan_together
from stride.cli.launch import launch, read_launch
from stride.cli.made_from import announce_code, experiment_beside
from stride.cli.options import (
    Config,
    Json,
    LauncherName,
    NprocPerNode,
    RunAddress,
    Tolerance,
    Trust,
)
from stride.cli.parameters import fraction
from stride.cli.plan import Plan
from stride.cli.settings import read_settings, refuse_taken_name
from stride.cli.terminal import standard_output
from stride.cli.training import FIELDS as TRAINING_FIELDS
from stride.cli.training import train_and_answer
from stride.cli.verification_page import draw_verification, refusal, verification_fields
from stride.errors import VerificationError
from stride.report.verification import Verification, verify_runs
from stride.store.record import CodeRecord
from stride.store.run import Run
from stride.training.ranks.environment import find_ranks
from stride.training.rerunning import Rerun, plan_rerun

EXAMPLES = (
    "stride rerun exp/3",
    "stride rerun exp/3 --verify",
    "stride rerun exp/3 --verify --tolerance 1e-6 --config device=cpu",
    "stride rerun exp/3 --config work_dir=again --config run=third",
)
FIELDS = TRAINING_FIELDS | {
    "verification": "null without --verify; else what stride verify NEW ORIGINAL --json says"
}


def rerun(
    run: RunAddress,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Compare the two; exit 3 where they part."),
    ] = False,
    tolerance: Tolerance = "0",
    config: Config = None,
    nproc_per_node: NprocPerNode = None,
    launcher: LauncherName = None,
    trust: Trust = False,
    json: Json = False,
) -> None:
    """Train a run again, in a new one.

    Config, seed and number of threads are those of the original; code, packages and data are those
    of today, and --verify says what differs. --config takes only what cannot change the result,
    where moved data is, and work_dir= and run= of the new run.
    """
    allowed = fraction("--tolerance", tolerance)
    original = open_run(run)
    place = find_ranks(os.environ, launcher)
    launched = read_launch(nproc_per_node, None, place)
    if launched is not None:
        launch(launched)
        return
    found: list[Verification] = []

    def verified(made: Run) -> dict[str, Any]:
        if not verify:
            return {"verification": None}
        found.append(verify_runs(made, original, allowed))
        return {"verification": verification_fields(found[0], made, original)}

    with meeting(place) as met:
        plan = plan_together(met, lambda: _plan(run, original, config, trust=trust))
        assert isinstance(plan, Plan)
        made = train_and_answer(
            plan, launcher="stride rerun", place=place, met=met, json=json, further=verified
        )
    if made is None or not found:
        return
    if not json:
        for line in draw_verification(found[0], made, original, standard_output()):
            answer.write(line)
    if not found[0].holds:
        raise VerificationError(refusal(found[0]))


def _plan(address: str, original: Run, config: list[str] | None, *, trust: bool) -> Plan:
    settings = read_settings(config, None, None)
    announce_code(original, trust=trust)
    again = plan_rerun(original, settings.layers)
    experiment = experiment_beside(address, settings)
    refuse_taken_name(experiment, settings.run)
    _note_threads(again)

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        return experiment.create(
            again.stored,
            name=settings.run,
            overrides=settings.typed,
            chosen=again.chosen,
            parents=again.parents,
            code=code,
        )

    return Plan(again.config, experiment.path, claim, again.beginning)


def _note_threads(again: Rerun) -> None:
    """Say where this machine has fewer processors than the original computed with."""
    here = os.cpu_count()
    if again.threads is not None and here is not None and again.threads > here:
        answer.note(
            f"computing with {again.threads} threads as {again.original.address} did; this machine"
            f" has {here} processors"
        )
