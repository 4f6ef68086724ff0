"""`stride sweep`: many runs from one search space, by grids and Optuna's samplers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment
from stride.cli.experiment import open_experiment
from stride.cli.forked_trial import trial_processes
from stride.cli.group import INTERRUPTED, REQUEUE, RUN_FAILED
from stride.cli.new_file import new_file
from stride.cli.options import Config, ConfigFile, Json, NprocPerNode, Remove, Takeover, Trust
from stride.cli.parameters import whole_number
from stride.cli.settings import Settings, read_settings
from stride.cli.sweep_page import (
    draw_answer,
    draw_points,
    draw_sweep,
    point_text,
    summary_fields,
)
from stride.cli.sweep_plan import Asked, SweepPlan, find_sweep, plan_sweep
from stride.cli.sweep_slurm import check_slurm, submit
from stride.cli.terminal import standard_output
from stride.cli.trial_process import gpus, slot_variables
from stride.cli.value import metric_text
from stride.errors import UsageError
from stride.files import storage_errors, write_exclusive
from stride.store.work_dir import WorkDir
from stride.sweep.beginning import begin_sweep
from stride.sweep.definition import read_definition
from stride.sweep.drawing import first_points
from stride.sweep.marks import TRIAL, trial_mark
from stride.sweep.options import read_options
from stride.sweep.samplers import check_trust
from stride.sweep.space import grid_size, is_grid
from stride.sweep.summary import Summary, read_summary
from stride.sweep.supervisor import Halt, Supervisor, Training
from stride.sweep.telling import Ended
from stride.sweep.trials import Taken, Trials

PICTURES = ("png", "svg")
_SHOWN = 20

EXAMPLES = (
    "stride sweep exp --config optimizer_kwargs.lr=1e-4,3e-4,1e-3 --config seed=range:3",
    "stride sweep exp --config optimizer_kwargs.lr=log:1e-5:1e-1 --sampler tpe --trials 20",
    "stride sweep exp --config model_kwargs.hidden_dims=choice:64,64/32,32 --dry-run",
    "stride sweep exp --sweep-file sweep.yaml --pruner median --workers 4",
    "stride sweep exp --name lr-seed  # goes on with it, or joins those who work on it",
    "stride sweep --show exp lr-seed",
    "stride sweep exp --sweep-file sweep.yaml --slurm --workers 8 --slurm-option time=4:00:00",
)
FIELDS = {
    "experiment": "its folder, as typed",
    "sweep": "name of the sweep",
    "id": "its permanent id, which the run.json of each trial names",
    "sampler": "who chooses points: grid, random, tpe, gp, cmaes, qmc",
    "pruner": "who ends trials early; none where nobody does",
    "metric": "that decides which trial is best",
    "direction": "min or max: what is better",
    "total": "how many trials there are to be",
    "counts": "trials by state",
    "trials": "each: `trial` (number), `run` (its name), `state` (completed, pruned, failed, "
    "waiting, or the status of its run), `value`, `point` (key to value), `reason`, `retry_of`",
    "best": "the best completed trial, as in `trials`; null while there is none",
    "best_config": "file of what was chosen for it, for --config-file; null while there is none",
    "importances": "key to its share in what differs between the values; {} where not known",
    "picture": "file of the picture of --show -o; null where none was asked for",
    "points": "of --dry-run: the points of the first trials; null otherwise",
    "job": "of --slurm: number of the job; null otherwise",
    "script": "of --slurm: its script; null otherwise",
}


@dataclass(frozen=True)
class _Work:
    """How the trials are trained by this process."""

    workers: int
    ranks: str | None
    wait: bool
    stop_on_failure: bool
    takeover: bool
    trust: bool


def sweep(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    sweep_name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The sweep; the same as --name.")
    ] = None,
    config: Config = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    sweep_file: Annotated[
        str | None,
        typer.Option(
            "--sweep-file",
            metavar="FILE",
            help="Read space, sampler and the rest from a JSON, YAML or TOML file.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Name of the sweep; else from its keys."),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(
            "--sampler",
            metavar="NAME",
            help="grid, random, tpe, gp, cmaes or qmc. Values: grid; with a range: tpe.",
        ),
    ] = None,
    sampler_option: Annotated[
        list[str] | None,
        typer.Option(
            "--sampler-option",
            metavar="NAME=VALUE",
            help="An argument of Optuna's sampler, as n_startup_trials=5. Repeatable.",
        ),
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option("--trials", metavar="N", help="How many trials there are to be in all."),
    ] = None,
    pruner: Annotated[
        str | None,
        typer.Option(
            "--pruner",
            metavar="NAME",
            help="End poor trials early: median, percentile, hyperband, halving, threshold,"
            " patient.",
        ),
    ] = None,
    pruner_option: Annotated[
        list[str] | None,
        typer.Option(
            "--pruner-option",
            metavar="NAME=VALUE",
            help="An argument of Optuna's pruner, as n_warmup_steps=3. Repeatable.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="What decides: val_loss, last.val_loss, test.accuracy. Else the monitor.",
        ),
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option("--direction", metavar="min|max", help="Whether less or more is better."),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option("--seed", metavar="N", help="Of the sampler, not of the trainings; 0."),
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option("--workers", metavar="N", help="Trainings at once; with --slurm, jobs."),
    ] = None,
    nproc_per_node: NprocPerNode = None,
    no_wait: Annotated[
        bool,
        typer.Option("--no-wait", help="End although others still train the last trials."),
    ] = False,
    stop_on_failure: Annotated[
        bool, typer.Option("--stop-on-failure", help="Begin no more where a trial has failed.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try failed trials again, on their runs.")
    ] = False,
    takeover: Takeover = False,
    trust: Trust = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the first points; make nothing.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Show how a sweep stands; begin nothing.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="With --show: a new .png or .svg."),
    ] = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Submit the workers as an array job of SLURM.")
    ] = False,
    slurm_option: Annotated[
        list[str] | None,
        typer.Option(
            "--slurm-option",
            metavar="NAME=VALUE",
            help="An option of sbatch, as partition=gpu. Repeatable.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train many runs from one search space; each trial is a run.

    Several values: lr=1e-4,3e-4 or seed=range:3. Ranges: log:1e-5:1e-1, uniform:0:1, int:1:8.
    Started again, or on another machine, the same command does what is missing: trials that were
    killed go on from their checkpoints, and none is done twice.
    """
    chosen = _name(name, sweep_name)
    settings = read_settings(config, config_file, remove)
    place = _experiment(experiment, settings, exists=show)
    if output is not None and not show:
        raise UsageError("--output is the picture of --show")
    if show:
        _show(place, chosen, output, json=json)
        return
    if slurm_option and not slurm:
        raise UsageError("--slurm-option belongs to --slurm")
    asked = Asked(
        name=chosen,
        sampler=sampler,
        sampler_options=_options(sampler_option, "--sampler-option"),
        pruner=pruner,
        pruner_options=_options(pruner_option, "--pruner-option"),
        metric=metric,
        direction=direction,
        trials=None if trials is None else whole_number("--trials", trials, minimum=1),
        seed=None if seed is None else whole_number("--seed", seed),
    )
    work = _Work(
        1 if workers is None else whole_number("--workers", workers, minimum=1),
        nproc_per_node,
        wait=not no_wait,
        stop_on_failure=stop_on_failure,
        takeover=takeover,
        trust=trust,
    )
    if nproc_per_node is not None:
        whole_number("--nproc-per-node", nproc_per_node, minimum=1)
    batch = check_slurm(slurm_option or ()) if slurm else {}
    plan = plan_sweep(place, settings, asked, sweep_file, elsewhere=slurm, dry=dry_run)
    check_trust(plan.folder, plan.definition, trust=trust)
    if dry_run:
        _dry_run(plan, json=json)
        return
    if slurm:
        begin_sweep(plan.folder, plan.definition)
        submit(plan, work.workers, batch, _passed_on(plan, work), json=json)
        return
    _train(plan, work, retry=retry_failed, json=json)


def _train(plan: SweepPlan, work: _Work, *, retry: bool, json: bool) -> None:
    """Train what is missing, and answer with the best."""
    folder = plan.folder
    definition = begin_sweep(folder, plan.definition)
    trials = Trials(
        folder, definition, total=plan.total, takeover=work.takeover, told=_tell(definition.metric)
    )
    word = "going on with" if plan.known else "beginning"
    answer.note(f"{word} {folder.address}: {trials.total} trials by {definition.sampler}")
    if retry:
        answer.note(f"{trials.retry_failed()} failed trials are tried again")
    ranks = int(work.ranks or "1")
    flags = [*([] if work.ranks is None else ["--nproc-per-node", work.ranks])]
    flags += [flag for flag, given in (("--takeover", work.takeover), ("--trust", work.trust))
              if given]  # fmt: skip

    threads = slot_variables(work.workers, 0, ranks, 0)
    os.environ.update(threads)  # they are read when torch is imported, which may be before the fork
    build = trial_processes(work.ranks)

    def start(taken: Taken, slot: int) -> Training:
        shared = slot_variables(work.workers, slot, ranks, gpus())
        marked = {TRIAL: trial_mark(definition.name, definition.id, taken.number)}
        return build(taken.run, flags, {**shared, **marked})

    supervisor = Supervisor(
        trials,
        start,
        slots=work.workers,
        wait=work.wait,
        stop_on_failure=work.stop_on_failure,
        begun=_say_begun,
    )
    halt = supervisor.run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left takes no time
    summary = read_summary(folder, definition)
    fields = summary_fields(folder, summary)
    if json:
        answer.write_json(fields)
    else:
        for line in draw_answer(folder, summary, standard_output()):
            answer.write(line)
    _end(plan, trials, summary, halt)


def _end(plan: SweepPlan, trials: Trials, summary: Summary, halt: Halt) -> None:
    """Say what is left, and end with the exit code that says so."""
    others, again = trials.others, "the same command goes on"
    if halt.signal is not None:
        name = signal.Signals(halt.signal).name
        answer.note(f"stopped by {name}, {summary.left} of {summary.total} trials left; {again}")
        raise typer.Exit(INTERRUPTED if halt.signal == signal.SIGINT else REQUEUE)
    if halt.failed:
        answer.note(f"a trial has failed, and no more were begun; {again}")
        raise typer.Exit(RUN_FAILED)
    if others.busy:
        answer.note(f"{len(others.busy)} trials are still trained by others")
    if others.stopped:
        answer.note(f"{len(others.stopped)} trials were stopped by hand; {again}")
    for number, reason in others.unknown.items():
        answer.note(f"trial {number} is left: {reason}; with --takeover it is gone on with")
    failed = summary.counts.get("failed", 0) - sum(
        row.retry_of is not None for row in summary.rows if row.state != "failed"
    )
    if failed > 0:
        answer.note(f"{failed} trials failed; --retry-failed tries them again")
    if failed > 0 or others.stopped or others.unknown:
        raise typer.Exit(RUN_FAILED)


def _say_begun(taken: Taken) -> None:
    word = "goes on" if taken.again else "begins"
    answer.note(f"trial {taken.number}  {taken.run.address}  {point_text(taken.point)}  {word}")


def _tell(metric: str) -> Any:
    def told(ended: Ended) -> None:
        what = f"{metric}={metric_text(ended.value)}" if ended.state == "COMPLETE" else (
            f"failed: {ended.reason}" if ended.state == "FAIL" else ended.reason
        )  # fmt: skip
        answer.note(f"trial {ended.number}  {what}")

    return told


def _dry_run(plan: SweepPlan, *, json: bool) -> None:
    definition = plan.definition
    points = first_points(definition, definition.trials if json else _SHOWN)
    if json:
        answer.write_json({**summary_fields(plan.folder, None, definition), "points": points})
        return
    for line in draw_points(definition, points, standard_output()):
        answer.write(line)
    size = f", a grid of {grid_size(definition.space)}" if is_grid(definition.space) else ""
    answer.note(
        f"{plan.folder.address} would have {definition.trials} trials by"
        f" {definition.sampler}{size}; nothing was made"
    )


def _show(place: WorkDir, name: str | None, output: str | None, *, json: bool) -> None:
    target = None if output is None else new_file(output, PICTURES, "a picture")
    folder = find_sweep(place, name)
    definition = read_definition(folder)
    summary = read_summary(folder, definition)
    if target is not None:
        _save_picture(target, summary)
    if json:
        answer.write_json({**summary_fields(folder, summary), "picture": output})
        return
    for line in draw_sweep(folder, summary, standard_output()):
        answer.write(line)
    if target is not None:
        answer.note(f"the picture is {target}")


def _save_picture(path: Path, summary: Summary) -> None:
    if not summary.history:
        raise UsageError("there is no picture: no trial is completed yet")
    # Deferred: only a picture needs the module that knows matplotlib.
    from stride.sweep.picture import draw_history

    content = draw_history(summary, path.suffix.removeprefix("."))
    with storage_errors("write", path):
        if not write_exclusive(path, content):
            raise UsageError(f"--output {path} exists already, and is not overwritten")


def _name(option: str | None, argument: str | None) -> str | None:
    if option is not None and argument is not None and option != argument:
        raise UsageError(f"the sweep is called {argument} and --name {option}: give one of them")
    return option or argument


def _experiment(typed: str | None, settings: Settings, *, exists: bool) -> WorkDir:
    if settings.run is not None:
        raise UsageError("the trials of a sweep are numbered runs: leave run= out")
    if typed is not None and settings.work_dir is not None and typed != settings.work_dir:
        raise UsageError(f"the experiment is {typed} and work_dir={settings.work_dir}: give one")
    path = typed or settings.work_dir
    return open_experiment(path) if exists or path is None else WorkDir(path)


def _options(texts: Sequence[str] | None, flag: str) -> dict[str, Any] | None:
    return read_options(texts, flag) if texts else None


def _passed_on(plan: SweepPlan, work: _Work) -> list[str]:
    """The command of a worker elsewhere: it joins the sweep as it was begun."""
    command = [sys.executable, "-m", "stride", "sweep", str(plan.folder.work_dir.path)]
    command += ["--name", plan.folder.name, "--no-wait"]
    command += [] if plan.total is None else ["--trials", str(plan.total)]
    command += [] if work.ranks is None else ["--nproc-per-node", work.ranks]
    flags = {
        "--stop-on-failure": work.stop_on_failure,
        "--takeover": work.takeover,
        "--trust": work.trust,
    }
    return [*command, *(flag for flag, given in flags.items() if given)]
