"""The removal of a checkpoint: it loses its name first, so that nobody ever sees a part of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from stride.files import storage_errors
from stride.store.checkpoint_paths import CheckpointFolder, CheckpointPaths


def remove_checkpoint(folder: CheckpointFolder, paths: CheckpointPaths) -> None:
    """Remove a checkpoint; nobody ever sees a part of it.

    Raises:
        StorageError: the disk refused.
    """
    removed = paths.removed_path(folder)
    with storage_errors("remove", folder.path):
        try:
            folder.path.rename(removed)
        except FileNotFoundError:
            return
    clear(removed)


def clear(path: Path) -> None:
    """Remove a folder of leftovers, as far as that is possible."""
    shutil.rmtree(path, ignore_errors=True)
