"""The options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli.completion import complete_key, complete_removal, complete_run

Json = Annotated[
    bool, typer.Option("--json", help="Answer in JSON; its fields are in docs/cli.md.")
]

Config = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="KEY=VALUE",
        autocompletion=complete_key,
        help="Set a config key; work_dir=EXP says where, run=NAME names it. Repeatable, in order.",
    ),
]

ConfigKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="KEY=VALUE",
        autocompletion=complete_key,
        help="Set a config key. Repeatable, in order.",
    ),
]

ConfigFile = Annotated[
    list[str] | None,
    typer.Option(
        "--config-file",
        metavar="FILE",
        help="Read config keys from a JSON, YAML or TOML file, before --config. Repeatable.",
    ),
]

Remove = Annotated[
    list[str] | None,
    typer.Option(
        "--remove",
        metavar="KEY",
        autocompletion=complete_removal,
        help="Give a config key its default back. Repeatable.",
    ),
]

RunAddress = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        autocompletion=complete_run,
        help="A run: exp/3, exp/baseline, exp/latest; a number alone means the current folder.",
        show_default=False,
    ),
]

ParentRun = Annotated[
    str | None,
    typer.Option(
        "--parent",
        metavar="RUN",
        autocompletion=complete_run,
        help="Begin with the config of this run; --config changes keys of it.",
    ),
]

IfNeeded = Annotated[
    bool,
    typer.Option(
        "--if-needed",
        help="Make no run where there is one of the same config, data and code: answer with it.",
    ),
]

Tolerance = Annotated[
    str,
    typer.Option(
        "--tolerance",
        metavar="REL",
        help="How far off a number may be, relative to the larger one of the two.",
    ),
]

Device = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="Where to compute: auto, cpu, cuda, cuda:1, ..."),
]

Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="NAME",
        help="Which weights: best, last, best-METRIC. The best, where nothing is said.",
    ),
]

Code = Annotated[
    str | None,
    typer.Option(
        "--code",
        metavar="DIR",
        help="Take code of your own that the run names from this folder.",
    ),
]

Trust = Annotated[
    bool,
    typer.Option(
        "--trust", help="Import code that a run names that was imported, or is of another user."
    ),
]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without a question.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Change nothing; say what would be done and freed.")
]

Takeover = Annotated[
    bool,
    typer.Option(
        "--takeover",
        help="Go on although it cannot be told whether another host still trains the run.",
    ),
]

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="KEY=PATH",
        autocompletion=complete_key,
        help="Where data that was moved is now, as dataset_kwargs.path=FILE.",
    ),
]

NprocPerNode = Annotated[
    str | None,
    typer.Option(
        "--nproc-per-node",
        metavar="N",
        help="Train with N ranks on this machine: processes that this one starts and watches.",
    ),
]

MaxRestarts = Annotated[
    str | None,
    typer.Option(
        "--max-restarts",
        metavar="N",
        help="Go on from the newest checkpoint where the training fails, so many times at most.",
    ),
]

LauncherName = Annotated[
    str | None,
    typer.Option(
        "--launcher",
        metavar="NAME",
        help="Be one of the ranks that it started: slurm, for srun. torchrun is seen by itself.",
    ),
]
