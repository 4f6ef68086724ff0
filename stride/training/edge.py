"""An edge: where the steps of a training pause, for what is not theirs to do."""

from __future__ import annotations

from typing import NamedTuple


class Edge(NamedTuple):
    """Why the steps paused: the epoch is over, an evaluation is due, or both."""

    epoch_ended: bool
    evaluate: bool
