"""`stride stop`: asks a training to stop."""

from __future__ import annotations

from stride.cli.asking import FIELDS as ASKING_FIELDS
from stride.cli.asking import ask
from stride.cli.experiment import open_run
from stride.cli.options import Json, RunAddress

EXAMPLES = ("stride stop exp/3", "stride stop exp/latest && stride log exp/latest -f")
FIELDS = ASKING_FIELDS


def stop(run: RunAddress, json: Json = False) -> None:
    """Ask a training to stop, with a checkpoint.

    Works from any host that sees the run folder. The training ends between two steps, as stopped;
    stride resume goes on with it.
    """
    ask(open_run(run), "stop", "to stop", json=json)
