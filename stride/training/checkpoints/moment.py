"""The moment of a checkpoint: what tells one from another, also of the same step."""

from __future__ import annotations

from typing import NamedTuple

from stride.store.position import Position


class Moment(NamedTuple):
    """When a checkpoint is taken, and what it goes with.

    Attributes:
        position: of the training.
        digests: of the files of best weights that belong to this moment, by their names.
        best: whether the first monitor was best at this moment.
        epoch_end: whether an epoch has just ended.
    """

    position: Position
    digests: dict[str, str]
    best: bool
    epoch_end: bool
