"""`stride sweep`: many runs from one search space, by grids and Optuna's samplers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stride.cli.experiment import open_experiment
from stride.cli.options import Config, ConfigFile, Json, NprocPerNode, Remove, Takeover, Trust
from stride.cli.parameters import whole_number
from stride.cli.settings import Settings, read_settings
from stride.cli.sweep_options import (
    DirectionOption,
    DryRun,
    Experiment,
    MetricName,
    Name,
    NoWait,
    Output,
    Pruner,
    PrunerOption,
    RetryFailed,
    Sampler,
    SamplerOption,
    SamplerSeed,
    Show,
    Slurm,
    SlurmOption,
    StopOnFailure,
    SweepFileOption,
    SweepName,
    TrialCount,
    Workers,
)
from stride.cli.sweep_plan import Asked, plan_sweep
from stride.cli.sweep_show import print_points, show_sweep
from stride.cli.sweep_slurm import check_slurm, submit
from stride.cli.sweep_training import Work, train_trials, worker_command
from stride.errors import UsageError
from stride.store.work_dir import WorkDir
from stride.sweep.beginning import begin_sweep
from stride.sweep.options import read_options
from stride.sweep.samplers import check_trust

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


def sweep(
    experiment: Experiment = None,
    sweep_name: SweepName = None,
    config: Config = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    sweep_file: SweepFileOption = None,
    name: Name = None,
    sampler: Sampler = None,
    sampler_option: SamplerOption = None,
    trials: TrialCount = None,
    pruner: Pruner = None,
    pruner_option: PrunerOption = None,
    metric: MetricName = None,
    direction: DirectionOption = None,
    seed: SamplerSeed = None,
    workers: Workers = None,
    nproc_per_node: NprocPerNode = None,
    no_wait: NoWait = False,
    stop_on_failure: StopOnFailure = False,
    retry_failed: RetryFailed = False,
    takeover: Takeover = False,
    trust: Trust = False,
    dry_run: DryRun = False,
    show: Show = False,
    output: Output = None,
    slurm: Slurm = False,
    slurm_option: SlurmOption = None,
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
        show_sweep(place, chosen, output, json=json)
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
    work = Work(
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
        print_points(plan, json=json)
        return
    if slurm:
        begin_sweep(plan.folder, plan.definition)
        submit(plan, work.workers, batch, worker_command(plan, work), json=json)
        return
    train_trials(plan, work, retry=retry_failed, json=json)


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
