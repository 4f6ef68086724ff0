"""Asking a training for something: a request in its run folder, which it reads at its log steps."""

from __future__ import annotations

from stride.cli import answer
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.errors import RunStateError
from stride.store.liveness import Life
from stride.store.requests import write_request
from stride.store.row import read_row
from stride.store.run import Run

FIELDS = RUN_FIELDS | {"request": "what the training was asked for: stop, or checkpoint"}


def ask(run: Run, name: str, words: str, *, json: bool) -> None:
    """Ask, and answer that it was asked; when it is done the run tells.

    Args:
        name: of the request.
        words: what was asked for, for the sentence.

    Raises:
        RunStateError: nothing trains the run.
        StorageError: the run folder cannot be written to.
    """
    row = read_row(run)
    life = row.verdict.life if row.verdict else None
    if life not in (Life.ALIVE, Life.STALLED, Life.UNKNOWN):
        resumable = row.status in ("stopped", "failed", "crashed")
        further = f"; stride resume {run.address} goes on with it" if resumable else ""
        raise RunStateError(f"{run.address} is {row.status}: nothing trains it{further}")
    write_request(run.request_path(name))
    if json:
        answer.write_json({**run_fields(row), "request": name})
        return
    answer.write(f"{run.address} is asked {words}; it looks at its log steps")
