"""A draft: all that goes into one checkpoint, as it stood at its moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stride.json_text import JSON
from stride.store.position import Position
from stride.training.checkpoints.content import Content
from stride.training.checkpoints.held_file import HeldFile


@dataclass(frozen=True)
class Draft:
    """What is to be written.

    Attributes:
        skeleton: the state as JSON, without its tensors.
        content: the file of tensors.
        weights: the files of best weights that belong to this moment, by their names.
        digests: of those files.
        best: whether the first monitor was best at this moment.
    """

    skeleton: JSON
    content: Content
    position: Position
    weights: Mapping[str, HeldFile]
    digests: Mapping[str, str]
    best: bool
    epoch_end: bool
