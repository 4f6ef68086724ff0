"""Start-up: `stride --help` and `stride list` beside the smallest Typer applications."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command import Command, project_command
from benchmarks.contestant import ContestantError
from benchmarks.group import Group
from benchmarks.setting import Setting
from benchmarks.stores import stride_store

TITLE = "Start-up"
REMARKS = (
    "Whole processes, median. The peers are Typer applications of one command, in the same environment: "
    "one prints its help, one a constant Rich table of ten rows."
)
_APPLICATIONS = Path(__file__).resolve().parent.parent / "contestants"


def groups(setting: Setting) -> Iterator[Group]:
    """`--help` and `list` of ten runs, each on a terminal and into a pipe."""
    stride = project_command("stride")
    try:
        experiment = stride_store.populate(setting.folder("startup") / "exp", 10)
        listing: str | None = None
    except ContestantError as error:
        listing = str(error)
    repeats = setting.choose(30, 1)
    for terminal in (True, False):
        where = "terminal" if terminal else "pipe"

        def application(name: str, *options: str, terminal: bool = terminal) -> Command:
            arguments = (sys.executable, _APPLICATIONS / name, *options)
            return Command(*arguments, least_lines=5, terminal=terminal)

        helping = Group(f"`stride --help` ({where})", repeats)
        helping.measure(
            {
                "stride": lambda t=terminal: Command(stride, "--help", least_lines=5, terminal=t),
                "Typer": lambda: application("typer_help.py", "--help"),
            }
        )
        helping.compare("Typer", 1.35, "one-command Typer app, `--help`")
        yield helping

        listed = Group(f"`stride list` of 10 runs ({where})", repeats)
        listed.measure(
            {
                "stride": listing
                or (
                    lambda t=terminal: Command(
                        stride, "list", experiment, least_lines=10, terminal=t
                    )
                ),
                "Typer": lambda: application("typer_table.py"),
            }
        )
        listed.compare("Typer", 1.3, "Typer command with a constant Rich table")
        yield listed
