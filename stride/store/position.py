"""Where a training stands: steps done, the epoch, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """The moment of a checkpoint.

    Attributes:
        step: optimiser steps done.
        epoch: counted from 1; between two epochs the one that ended.
        consumed: windows that are done of the epoch that is under way; 0 between two epochs.
        world_size: ranks that train together.
    """

    step: int
    epoch: int
    consumed: int
    world_size: int = 1
