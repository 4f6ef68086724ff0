"""The manifest of a checkpoint that is written now, with the versions that write it."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import numpy as np
import torch

from stride import __version__
from stride.store.checkpoint_manifest import FileFacts, Manifest
from stride.store.position import Position
from stride.store.record import utc_now


def new_manifest(
    position: Position, files: Mapping[str, FileFacts], *, epoch_end: bool, best: bool
) -> Manifest:
    """The manifest of a checkpoint that is written now."""
    return Manifest(
        created=utc_now(),
        position=position,
        epoch_end=epoch_end,
        best=best,
        versions={
            "stride": __version__,
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        files=dict(files),
    )
