"""A draft: all that goes into one checkpoint, as it stood at its moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stride.files import JSON
from stride.store.checkpoint_paths import CheckpointFolder
from stride.training.checkpoints.content import Content
from stride.training.checkpoints.position import Position


@dataclass(frozen=True)
class Draft:
    """What is to be written.

    Attributes:
        staging: the folder where it is put together; the links to best weights are there already.
        skeleton: the state as JSON, without its tensors.
        content: the file of tensors.
        weights: digests of the best weights that belong to this moment, by the name of their file.
        best: whether the first monitor was best at this moment.
    """

    staging: CheckpointFolder
    skeleton: JSON
    content: Content
    position: Position
    weights: Mapping[str, str]
    best: bool
    epoch_end: bool
