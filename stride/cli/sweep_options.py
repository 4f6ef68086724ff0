"""The options of `stride sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli.completion import complete_experiment

Experiment = Annotated[
    str | None,
    typer.Argument(
        metavar="EXP",
        autocompletion=complete_experiment,
        help="The experiment's folder; the current folder where none is named.",
    ),
]

SweepName = Annotated[
    str | None, typer.Argument(metavar="NAME", help="The sweep; the same as --name.")
]

SweepFileOption = Annotated[
    str | None,
    typer.Option(
        "--sweep-file",
        metavar="FILE",
        help="Read space, sampler and the rest from a JSON, YAML or TOML file.",
    ),
]

Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Name of the sweep; else from its keys."),
]

Sampler = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        metavar="NAME",
        help="grid, random, tpe, gp, cmaes or qmc. Values: grid; with a range: tpe.",
    ),
]

SamplerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sampler-option",
        metavar="NAME=VALUE",
        help="An argument of Optuna's sampler, as n_startup_trials=5. Repeatable.",
    ),
]

TrialCount = Annotated[
    str | None,
    typer.Option("--trials", metavar="N", help="How many trials there are to be in all."),
]

Pruner = Annotated[
    str | None,
    typer.Option(
        "--pruner",
        metavar="NAME",
        help="End poor trials early: median, percentile, hyperband, halving, threshold, patient.",
    ),
]

PrunerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pruner-option",
        metavar="NAME=VALUE",
        help="An argument of Optuna's pruner, as n_warmup_steps=3. Repeatable.",
    ),
]

MetricName = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="What decides: val_loss, last.val_loss, test.accuracy. Else the monitor.",
    ),
]

DirectionOption = Annotated[
    str | None,
    typer.Option("--direction", metavar="min|max", help="Whether less or more is better."),
]

SamplerSeed = Annotated[
    str | None,
    typer.Option("--seed", metavar="N", help="Of the sampler, not of the trainings; 0."),
]

Workers = Annotated[
    str | None,
    typer.Option("--workers", metavar="N", help="Trainings at once; with --slurm, jobs."),
]

NoWait = Annotated[
    bool,
    typer.Option("--no-wait", help="End although others still train the last trials."),
]

StopOnFailure = Annotated[
    bool, typer.Option("--stop-on-failure", help="Begin no more where a trial has failed.")
]

RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try failed trials again, on their runs.")
]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the first points; make nothing.")]

Show = Annotated[bool, typer.Option("--show", help="Show how a sweep stands; begin nothing.")]

Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="With --show: a new .png or .svg."),
]

Slurm = Annotated[
    bool, typer.Option("--slurm", help="Submit the workers as an array job of SLURM.")
]

SlurmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm-option",
        metavar="NAME=VALUE",
        help="An option of sbatch, as partition=gpu. Repeatable.",
    ),
]
