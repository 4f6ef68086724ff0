"""`stride log`: the log of a run, and what is added to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, TextIO

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.log_line import LogLine, read_entries
from stride.cli.options import Json, RunAddress
from stride.cli.parameters import whole_number
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.errors import RunStateError, StoredFileError
from stride.files import storage_errors
from stride.store.liveness import Life
from stride.store.record import Status
from stride.store.run import Run

_WAIT = 0.2
"""Seconds between two looks at the file."""
_LOOKS_A_STATUS = 5
"""Looks at the file for each look at the status of the run."""

EXAMPLES = (
    "stride log exp/3",
    "stride log exp/3 -n 20",
    "stride log exp/latest -f  # until the run ends",
)
FIELDS = {
    "[]": "an array, one record a line; with -f each as soon as it is written",
    "time": "moment of the record, UTC, ISO 8601; null for a line that is no record",
    "level": "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    "host": "host name",
    "rank": "rank of the process",
    "module": "name of the logger",
    "message": "the text, with its further lines",
}


def log(
    run: RunAddress,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends; Ctrl-C stops.")
    ] = False,
    lines: Annotated[
        str | None, typer.Option("--lines", "-n", metavar="N", help="Only the last N lines.")
    ] = None,
    rank: Annotated[
        str, typer.Option("--rank", metavar="N", help="The log of another rank.")
    ] = "0",
    json: Json = False,
) -> None:
    """Print the log of a run, and follow it.

    With -f, waits for a run that has not started, and ends when the run does.
    """
    opened = open_run(run)
    number = whole_number("--rank", rank)
    opened.check_inside(opened.log_path(number))
    last = None if lines is None else whole_number("--lines", lines)
    if not follow and not opened.log_path(number).exists():
        raise RunStateError(_no_log(opened, number))
    pieces = _read(opened, number, last, follow=follow)
    if json:
        # A record is written at once, so that none goes on beyond what one look finds.
        entries = (each.fields for piece in pieces for each in read_entries(piece))
        answer.write_json_array(entries, live=follow)
        return
    terminal = standard_output()
    for piece in pieces:
        for text in piece:
            answer.write(_painted(text, terminal))
        if follow:
            answer.flush()


def _no_log(run: Run, rank: int) -> str:
    """The sentence for a log that is not there."""
    if rank and run.log_path(0).exists():
        return f"{run.address} has no log of rank {rank}; leave --rank out to see that of rank 0"
    verdict = run.status()
    if verdict.status is Status.CREATED:
        return f"{run.address} has no log yet; stride fit {run.address} trains it"
    return f"{run.address} has no log: its status is {verdict.text}"


def _read(run: Run, rank: int, last: int | None, *, follow: bool) -> Iterator[list[str]]:
    """The lines of the log, the last ones only if so asked, then those that each look finds."""
    path = run.log_path(rank)
    while not path.exists():
        if _has_ended(run):
            return
        time.sleep(_WAIT)
    if not path.is_file():  # a pipe in its place would hold the reader
        raise StoredFileError(f"{path} is no regular file, but a folder, a pipe or a device")
    with storage_errors("read", path), path.open(encoding="utf-8", errors="replace") as stream:
        *lines, torn = _whole_lines(stream.read())
        if torn and not follow:
            lines.append(torn)
        yield lines if last is None else lines[max(0, len(lines) - last) :]
        if follow:
            yield from _follow(run, stream, torn)


def _follow(run: Run, stream: TextIO, torn: str) -> Iterator[list[str]]:
    """What is appended, until the run has ended and its last line is read."""
    looks = 0
    ended = False
    while True:
        *lines, torn = _whole_lines(torn + stream.read())
        if ended and torn:
            lines.append(torn)
        if lines:
            yield lines
        if ended:
            return
        looks += 1
        ended = looks % _LOOKS_A_STATUS == 0 and _has_ended(run)
        if not ended:
            time.sleep(_WAIT)


def _whole_lines(text: str) -> list[str]:
    """Lines, and as the last element what has no newline yet, "" if nothing."""
    return text.split("\n")


def _has_ended(run: Run) -> bool:
    verdict = run.status()
    if verdict.status in (Status.CREATED, Status.RUNNING):
        return verdict.life is Life.CRASHED
    return True


def _painted(text: str, terminal: Terminal) -> str:
    """A line of the log: warnings and errors stand out, control characters do nothing."""
    line = LogLine.parse(text)
    style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}.get(line.level or "", "")
    return terminal.paint(harmless(text), style)
