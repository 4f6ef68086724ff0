"""The options and arguments by which runs are found, for `list` and all that selects like it."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli.completion import complete_column, complete_experiment

Experiments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EXP",
        autocompletion=complete_experiment,
        help="Folders of experiments; the current folder where none is named.",
        show_default=False,
    ),
]

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="QUERY",
        help="Only runs of which this is true, as in 'val_loss < 0.1 and lr in [1e-3, 3e-4]'; "
        "docs/finding.md has the language. Repeatable: all have to hold.",
    ),
]

Sort = Annotated[
    list[str] | None,
    typer.Option(
        "--sort",
        "-s",
        metavar="NAME,...",
        autocompletion=complete_column,
        help="Least first; greatest first with -NAME or NAME:desc; best: best first. Repeatable.",
    ),
]

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="NAME,...",
        autocompletion=complete_column,
        help="Show these, as in 'status,val_*,config.optimizer_kwargs.*'. Repeatable.",
    ),
]

GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        metavar="config|NAME,...",
        autocompletion=complete_column,
        help="One row for runs that are equal in these; config: in all that can change a result, "
        "but the seed.",
    ),
]

Limit = Annotated[
    str | None,
    typer.Option(
        "--limit",
        "-n",
        metavar="N",
        help="How many at most; 0 for all. 30, and all with --json and --csv.",
    ),
]

Recursive = Annotated[
    bool,
    typer.Option("--recursive", "-r", help="Take also the experiments below the folders."),
]

Csv = Annotated[bool, typer.Option("--csv", help="Answer in CSV: whole values, exact numbers.")]

Watch = Annotated[
    bool, typer.Option("--watch", help="Draw it again and again, in place, until Ctrl-C.")
]

Every = Annotated[
    str | None,
    typer.Option("--every", metavar="SECONDS", help="How often with --watch; 2 where not said."),
]
