"""The command line: `app` for tests and tools, `run` for the `stride` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import stride
from stride.cli import answer
from stride.cli.group import Group

VARIABLE = "_STRIDE_COMPLETE"
"""Set by the scripts that `stride --show-completion` prints."""

app = typer.Typer(
    name="stride",
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def main(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Keep, train, find and compare runs of PyTorch models in plain folders.

    A run is named by its experiment and number, or name: `exp/3`, `exp/baseline`, `exp/latest`.
    """
    if version:
        answer.write(f"stride {stride.__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        answer.write(ctx.get_help())


def run() -> None:
    """Run the command line with the arguments of the process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        # A file name may hold bytes that the encoding does not have: an escape, not a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if VARIABLE in os.environ:
        from stride.cli.completion import prepare  # deferred: only a shell that completes needs it

        prepare(os.environ)
        # What goes wrong while a person presses a key must not be written into the line.
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  open until the process ends
    app(prog_name="stride")
