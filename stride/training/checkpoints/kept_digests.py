"""Digests of the state at each checkpoint: a row each, which stays when the checkpoint goes.

They cost nothing, as every checkpoint is proved by them anyway, and tell of two trainings up to
which step they are the same bits.
"""

from __future__ import annotations

from stride.store.checkpoint_manifest import Manifest
from stride.store.run import Run


def keep_digest(run: Run, manifest: Manifest) -> None:
    """Append the row of a checkpoint that was committed."""
    position = manifest.position
    run.digests.append(
        {"step": position.step, "epoch": position.epoch, "state": manifest.state_digest}
    )


def put_back_digests(run: Run, manifest: Manifest) -> None:
    """Cut the rows back to a checkpoint, whose own a kill may have kept from being written.

    Raises:
        StoredFileError: the table is no text.
        StorageError: the disk refused.
    """
    run.digests.cut(manifest.position.step)
    rows = run.digests.read()
    if not rows or rows[-1].get("step") != manifest.position.step:
        keep_digest(run, manifest)
