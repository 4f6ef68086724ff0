"""`stride checkpoint`: asks a training to write a checkpoint."""

from __future__ import annotations

from stride.cli.asking import FIELDS as ASKING_FIELDS
from stride.cli.asking import ask
from stride.cli.experiment import open_run
from stride.cli.options import Json, RunAddress

EXAMPLES = ("stride checkpoint exp/3",)
FIELDS = ASKING_FIELDS


def checkpoint(run: RunAddress, json: Json = False) -> None:
    """Ask a training to write a checkpoint.

    Works from any host that sees the run folder. The training goes on.
    """
    ask(open_run(run), "checkpoint", "for a checkpoint", json=json)
