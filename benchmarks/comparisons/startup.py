"""Start-up: `stride --help` and `stride list` beside the smallest Typer applications."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.command import Command, project_command
from benchmarks.group import Group
from benchmarks.setting import Setting
from benchmarks.stores import stride_store

TITLE = "Start-up"
REMARKS = (
    "Whole processes, median. The peers are Typer applications of one command, in the same"
    " environment: one prints its help, one a constant Rich table of ten rows."
)
_APPLICATIONS = Path(__file__).resolve().parent.parent / "contestants"


def groups(setting: Setting) -> Iterator[Group]:
    """`--help` and `list` of ten runs, each on a terminal and into a pipe."""
    stride = project_command("stride")
    experiment = stride_store.populate(setting.folder("startup") / "exp", 10)
    for terminal in (True, False):
        where = "terminal" if terminal else "pipe"
        command = partial(Command, least_lines=5, terminal=terminal)
        python = partial(command, sys.executable)

        helping = Group(f"`stride --help` ({where})", setting.choose(30, 1))
        helping.measure(
            {
                "stride": partial(command, stride, "--help"),
                "Typer": partial(python, _APPLICATIONS / "typer_help.py", "--help"),
            }
        )
        helping.compare("Typer", 1.35, "one-command Typer app, `--help`")
        yield helping

        listing = Group(f"`stride list` of 10 runs ({where})", setting.choose(30, 1))
        listing.measure(
            {
                "stride": partial(command, stride, "list", experiment),
                "Typer": partial(python, _APPLICATIONS / "typer_table.py"),
            }
        )
        listing.compare("Typer", 1.3, "Typer command with a constant Rich table")
        yield listing
