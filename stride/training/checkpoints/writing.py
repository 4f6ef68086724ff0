"""Writing a checkpoint: put together beside the others, proved, and only then given its name."""

from __future__ import annotations

import contextlib
import errno
import shutil
from pathlib import Path

from stride.errors import StorageError, VerificationError
from stride.files import (
    encode_json,
    fsync_folder,
    storage_errors,
    write_json,
)
from stride.store.checkpoint_manifest import FileFacts, Manifest, encode_manifest
from stride.store.checkpoint_paths import CheckpointFolder, CheckpointPaths
from stride.store.checkpoint_proof import verify
from stride.store.checkpoint_removal import clear
from stride.training.checkpoints.draft import Draft
from stride.training.checkpoints.durable_file import write_file
from stride.training.checkpoints.new_manifest import new_manifest

_SPARE = 2**20
"""Bytes that are left for the small files of the run."""

_LASTING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ENOENT}
)
"""What does not pass by trying again."""


def write_checkpoint(draft: Draft, paths: CheckpointPaths) -> tuple[CheckpointFolder, Manifest]:
    """Write, prove and commit.

    1. look whether there is space
    2. write the tensors and the rest of the state, flush, fsync; link the best weights of that
       moment
    3. read every file back from the disk, compare its digest
    4. write the manifest, fsync the folder
    5. rename it to its name, fsync the folder above: from here on it counts
    6. move the pointer, which is a hint

    What may pass by itself, as an error of a network file system, is tried a second time.

    Raises:
        StorageError: the disk refused; nothing is left.
        VerificationError: what was read back is not what was written.
    """
    staging = paths.staging_folder(draft.position.step)
    try:
        try:
            manifest = _write(draft, staging)
        except (StorageError, VerificationError) as error:
            if not _may_pass(error):
                raise
            clear(staging.path)
            manifest = _write(draft, staging)
        return _commit(staging, paths, draft.position.step), manifest
    except FileNotFoundError as error:
        raise StorageError(f"cannot write {staging.path}: {error.filename} is not there") from error
    finally:
        clear(staging.path)


def _may_pass(error: Exception) -> bool:
    if isinstance(error, VerificationError):
        return True
    return isinstance(error.__cause__, OSError) and error.__cause__.errno not in _LASTING


def _write(draft: Draft, folder: CheckpointFolder) -> Manifest:
    state = encode_json(draft.skeleton)
    with storage_errors("make", folder.path):
        folder.path.parent.mkdir(exist_ok=True)
        folder.path.mkdir()
        check_space(folder.path, draft.content.size + len(state))
        if draft.weights:
            folder.weights_path.mkdir()
    proved = draft.content.write(folder)
    written = {folder.state_path: write_file(folder.state_path, [state])}
    for name, held in draft.weights.items():
        path = folder.weights_file(name)
        held.appear_at(path)
        with storage_errors("read", path):
            written[path] = FileFacts(size=path.stat().st_size, digest=draft.digests[name])
    files = {folder.name_of(path): facts for path, facts in written.items()}
    verify(folder, files)
    files = {**proved, **files}
    manifest = new_manifest(draft.position, files, epoch_end=draft.epoch_end, best=draft.best)
    write_file(folder.manifest_path, [encode_manifest(manifest)])
    with storage_errors("write", folder.path):
        if draft.weights:
            fsync_folder(folder.weights_path)
        fsync_folder(folder.path)
    return manifest


def _commit(staging: CheckpointFolder, paths: CheckpointPaths, step: int) -> CheckpointFolder:
    taken = [folder.order[1] for folder in paths.committed() if folder.order[0] == step]
    folder = paths.folder(step, max(taken, default=0) + 1)
    with storage_errors("write", folder.path):
        staging.path.rename(folder.path)
        fsync_folder(paths.path)
    with contextlib.suppress(StorageError):  # only a hint
        write_json(paths.newest_path, {"checkpoint": folder.name, "step": step}, durable=False)
    return folder


def check_space(folder: Path, size: int) -> None:
    """Whether so many bytes fit on the disk, as far as can be known beforehand.

    Raises:
        StorageError: they do not.
    """
    with storage_errors("read", folder):
        free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise StorageError(
            f"cannot write {folder}: {(size + _SPARE) / 1e6:.1f} MB are needed, {_SPARE / 1e6:.1f}"
            f" of them to spare, and {free / 1e6:.1f} MB are free on the disk"
        )
