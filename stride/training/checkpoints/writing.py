"""Writing a checkpoint: put together beside the others, proved, and only then given its name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from stride.errors import StorageError, VerificationError
from stride.files import (
    encode_json,
    fsync_folder,
    storage_errors,
    write_atomic,
)
from stride.store.checkpoint_paths import CheckpointFolder, CheckpointPaths
from stride.training.checkpoints.draft import Draft
from stride.training.checkpoints.manifest import (
    FileFacts,
    Manifest,
    encode_manifest,
    new_manifest,
)
from stride.training.checkpoints.tensor_file import check_readable
from stride.training.checkpoints.verification import verify

_PIECE = 2**23
_SPARE = 2**20
"""Bytes that are left for the small files of the run."""

_LASTING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ENOENT}
)
"""What does not pass by trying again."""


def stage(paths: CheckpointPaths, run_weights: Mapping[str, Path], step: int) -> CheckpointFolder:
    """Make the folder where a checkpoint is put together, with links to the best weights.

    Args:
        paths: of the run.
        run_weights: the files of best weights by name. They are linked at once, as training may
            replace them in the next moment: a link keeps the content.
        step: of the checkpoint.

    Raises:
        StorageError: the disk refused, or such a file is not there; nothing is left.
    """
    folder = paths.staging_folder(step)
    try:
        with storage_errors("make", folder.path):
            paths.path.mkdir(exist_ok=True)
            folder.path.mkdir()
            if run_weights:
                folder.weights_path.mkdir()
            for name, source in run_weights.items():
                link_or_copy(source, folder.weights_file(name))
    except FileNotFoundError as error:
        clear(folder.path)
        raise StorageError(f"cannot make {folder.path}: {error.filename} is not there") from error
    except BaseException:
        clear(folder.path)
        raise
    return folder


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or its copy where the file system knows no such thing."""
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
        with target.open("rb") as stream:
            os.fsync(stream.fileno())


def write_checkpoint(draft: Draft, paths: CheckpointPaths) -> tuple[CheckpointFolder, Manifest]:
    """Write, prove and commit.

    1. look whether there is space
    2. write the state and its tensors, flush, fsync
    3. read every file back from the disk, compare its digest
    4. write the manifest, fsync the folder
    5. rename it to its name, fsync the folder above: from here on it counts
    6. move the pointer, which is a hint

    What passes by itself, as an error of a network file system, is tried a second time.

    Raises:
        StorageError: the disk refused.
        VerificationError: what was read back is not what was written.
    """
    try:
        try:
            manifest = _write(draft)
        except (StorageError, VerificationError) as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _LASTING:
                raise
            if isinstance(error, StorageError) and error.__cause__ is None:
                raise
            manifest = _write(draft)
        return _commit(draft, paths), manifest
    finally:
        clear(draft.staging.path)


def _write(draft: Draft) -> Manifest:
    folder = draft.staging
    state = encode_json(draft.skeleton)
    check_space(folder.path, draft.content.size + len(state))
    files = {
        folder.name_of(folder.tensors_path): _write_file(
            folder.tensors_path, draft.content.pieces()
        ),
        folder.name_of(folder.state_path): _write_file(folder.state_path, [state]),
    }
    for name, digest in draft.weights.items():
        path = folder.weights_file(name)
        with storage_errors("read", path):
            files[folder.name_of(path)] = FileFacts(size=path.stat().st_size, digest=digest)
    manifest = new_manifest(draft.position, files, epoch_end=draft.epoch_end, best=draft.best)
    _forget_cached(folder.tensors_path)
    verify(folder, manifest)
    check_readable(folder.tensors_path, draft.content.names)
    _write_file(folder.manifest_path, [encode_manifest(manifest)])
    with storage_errors("write", folder.path):
        if draft.weights:
            fsync_folder(folder.weights_path)
        fsync_folder(folder.path)
    return manifest


def _commit(draft: Draft, paths: CheckpointPaths) -> CheckpointFolder:
    step = draft.position.step
    taken = [folder.order[1] for folder in paths.committed() if folder.order[0] == step]
    folder = paths.folder(step, max(taken, default=0) + 1)
    with storage_errors("write", folder.path):
        draft.staging.path.rename(folder.path)
        fsync_folder(paths.path)
    with contextlib.suppress(StorageError):  # only a hint
        write_atomic(paths.newest_path, encode_json({"checkpoint": folder.name, "step": step}))
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
            f"cannot write {folder}: {size / 1e6:.1f} MB are needed, and {free / 1e6:.1f} MB are"
            " free on the disk"
        )


def _write_file(path: Path, pieces: Iterable[bytes | memoryview]) -> FileFacts:
    """Write a file durably, from the beginning; its size and digest, taken from the memory."""
    digest = hashlib.sha256()
    size = 0
    with storage_errors("write", path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
        try:
            for piece in pieces:
                view = memoryview(piece)
                size += len(view)
                while view:
                    written = os.write(descriptor, view[:_PIECE])
                    digest.update(view[:written])
                    view = view[written:]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return FileFacts(size=size, digest=f"sha256:{digest.hexdigest()}")


def _forget_cached(path: Path) -> None:
    """Have the next reading come from the disk, so that it proves something."""
    if sys.platform != "linux":
        return
    with storage_errors("read", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


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
