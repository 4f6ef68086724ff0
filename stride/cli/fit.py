"""`stride fit`: creates a run and trains it, or trains or goes on with one that is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.joining import is_first, meeting, plan_together
from stride.cli.launch import launch, read_launch
from stride.cli.options import (
    Config,
    ConfigFile,
    IfNeeded,
    Json,
    LauncherName,
    MaxRestarts,
    NprocPerNode,
    ParentRun,
    Remove,
    Takeover,
    Trust,
)
from stride.cli.plan import (
    Plan,
    plan_continued,
    plan_created,
    plan_from_weights,
    plan_new,
    plan_resumed_or_done,
    plan_resumed_or_new,
)
from stride.cli.settings import Settings, read_settings
from stride.cli.training import FIELDS as TRAINING_FIELDS
from stride.cli.training import answer_done, train_and_answer
from stride.errors import UsageError
from stride.store.run import Run
from stride.training.ranks.environment import find_ranks

EXAMPLES = (
    "stride fit --config work_dir=exp --config model_kwargs.model_name=ResNet",
    "stride fit --config work_dir=exp --config run=baseline --config seed=1",
    "stride fit --config work_dir=exp --config-file base.yaml --remove fit_kwargs.clip_norm",
    "stride fit exp/4  # that stride create made",
    "stride fit --config work_dir=exp --config run=long --resume  # in a job script",
    "stride fit --config work_dir=exp --config seed=1 --if-needed",
    "stride fit --parent exp/9 --config optimizer_kwargs.lr=3e-4",
    "stride fit --continue exp/3 --config fit_kwargs.max_epochs=40",
    "stride fit --config work_dir=exp --init-from exp/3",
    "stride fit --config work_dir=exp --smoke-only",
    "stride fit --config work_dir=exp --nproc-per-node 2 --max-restarts 3",
    "srun stride fit --config work_dir=exp --config run=long --resume --launcher slurm",
)
FIELDS = TRAINING_FIELDS | {
    "smoke": "the whole answer of --smoke-only: step_seconds, evaluation_seconds,"
    " checkpoint_seconds, checkpoint_bytes, loss; else null",
    "already_run": "whether --if-needed found the run, so that nothing was trained",
}


def fit(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_run,
            help="A run that stride create made; it takes no --config.",
        ),
    ] = None,
    config: Config = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run if it is there, make it if it is not, say if it is completed.",
        ),
    ] = False,
    parent: ParentRun = None,
    if_needed: IfNeeded = False,
    continue_from: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="RUN",
            autocompletion=complete_run,
            help="Make a run that goes on from the last checkpoint of this one, with its config.",
        ),
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(
            "--init-from",
            metavar="RUN|FILE",
            autocompletion=complete_run,
            help="Begin with the best weights of this run, or of a safetensors file.",
        ),
    ] = None,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="First try one batch of train and val, and a checkpoint."),
    ] = False,
    smoke_only: Annotated[
        bool, typer.Option("--smoke-only", help="Only try that: no run is made.")
    ] = False,
    nproc_per_node: NprocPerNode = None,
    max_restarts: MaxRestarts = None,
    launcher: LauncherName = None,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse-preemption",
            help="Stop after the first step as a scheduler would, look, and go on to the end.",
        ),
    ] = False,
    takeover: Takeover = False,
    trust: Trust = False,
    json: Json = False,
) -> None:
    """Create a run and train it, or train a created one.

    Config, device and data are checked before the run appears. Progress and what the training code
    prints go to standard error; the answer is the run's address and its final metrics. A job that
    ends with exit code 75 was stopped and is to be started again: the same line with --resume.
    """
    _refuse_together(run, parent, continue_from, init_from)
    place = find_ranks(os.environ, launcher)
    launched = read_launch(nproc_per_node, max_restarts, place, rehearsal=rehearse)
    if launched is not None:
        also_given = (("--trust", trust), ("--json", json))
        flags = [option for option, is_given in also_given if is_given]
        launch(launched, lambda made: ["fit", made, "--resume", *flags])
        return

    def planned() -> Plan | Run:
        settings = read_settings(config, config_file, remove)

        def new() -> Plan:
            if continue_from is not None:
                return plan_continued(continue_from, settings, trust=trust)
            if init_from is not None:
                return plan_from_weights(init_from, settings, parent, trust=trust)
            return plan_new(settings, parent, trust=trust)

        plan = _plan(run, settings, new, resume=resume, takeover=takeover, trust=trust)
        if if_needed and isinstance(plan, Plan) and plan.looking is not None:
            plan = replace(plan, looking=replace(plan.looking, if_needed=True))
        return plan

    also = {"smoke": None, "already_run": False}
    with meeting(place) as met:
        plan = plan_together(met, planned)
        if isinstance(plan, Plan) and not smoke_only:
            train_and_answer(
                plan, launcher="stride fit", place=place, met=met, smoke=smoke, json=json, also=also
            )
            return
    if not is_first(place):
        return
    if isinstance(plan, Run):
        answer_done(plan, json=json, also=also)
    else:
        # Deferred: it imports torch; what was typed wrong is said without it.
        from stride.cli.smoke import try_out

        try_out(plan.config, json=json)


def _refuse_together(
    run: str | None, parent: str | None, continue_from: str | None, init_from: str | None
) -> None:
    """Options of which only one can be meant.

    Raises:
        UsageError: two of them are given.
    """
    sources = {"--continue": continue_from, "--init-from": init_from, "--parent": parent}
    given = [option for option, source in sources.items() if source is not None]
    if continue_from is not None and len(given) > 1:
        takes = "its weights" if init_from is not None else "its config"
        raise UsageError(
            f"--continue takes over all of another run's state and {given[1]} only {takes};"
            " give one of them"
        )
    if run is not None and given:
        raise UsageError(
            f"{given[0]} makes a new run, and {run} is one already; leave {run} out, or name the"
            " new run with --config run=NAME"
        )


def _plan(
    run: str | None,
    settings: Settings,
    new: Callable[[], Plan],
    *,
    resume: bool,
    takeover: bool,
    trust: bool,
) -> Plan | Run:
    """What is to be trained; or the run, where it is completed."""
    if run is None:
        return (
            plan_resumed_or_new(settings, new, takeover=takeover, trust=trust) if resume else new()
        )
    if resume:
        return plan_resumed_or_done(open_run(run), settings, takeover=takeover, trust=trust)
    return plan_created(run, given=settings.given)
