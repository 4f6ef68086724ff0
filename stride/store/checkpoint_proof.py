"""The proof of a checkpoint: every file that its manifest names is there, and is what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from stride.errors import RunNameError, StoredFileError, VerificationError
from stride.files import storage_errors
from stride.store.checkpoint_manifest import FileFacts, Manifest, read_manifest
from stride.store.checkpoint_paths import CheckpointFolder

_PIECE = 2**23
"""Bytes read at a time: many, as each reading lets another thread go first."""


def verify(folder: CheckpointFolder, files: Mapping[str, FileFacts]) -> None:
    """Read files of a checkpoint, by name, and compare sizes and digests.

    Raises:
        StoredFileError: a file is missing.
        VerificationError: a file is not what was written.
        StorageError: a file cannot be read.
    """
    for name, facts in files.items():
        path = _sized(folder, name, facts)
        try:
            with storage_errors("read", path):
                digest = _digest_of(path)
        except FileNotFoundError as error:
            raise StoredFileError(f"{path} is missing") from error
        if digest != facts.digest:
            raise VerificationError(
                f"{path} is not the file that was written: its digest is {digest[:19]}…, not"
                f" {facts.digest[:19]}…"
            )


def read_whole(folder: CheckpointFolder) -> Manifest:
    """The manifest of a checkpoint whose files are all there, as long as they were; none is read.

    Raises:
        StoredFileError: the manifest or a file is missing, or cannot be understood.
        NewerFormatError: written by a newer stride.
        VerificationError: it is not what was written, or is of another step than its name says.
        StorageError: it cannot be read.
    """
    if folder.path.is_symlink():
        raise VerificationError(f"{folder.path} is a symbolic link, not a checkpoint")
    manifest = read_manifest(folder.manifest_path)
    if folder.order[0] != manifest.position.step:
        raise VerificationError(f"{folder.path} holds step {manifest.position.step}")
    check_sizes(folder, manifest.files)
    return manifest


def check_sizes(folder: CheckpointFolder, files: Mapping[str, FileFacts]) -> None:
    """Look whether the files of a checkpoint are there and as long as they were; reads none.

    Raises:
        StoredFileError, VerificationError, StorageError: as `verify`.
    """
    for name, facts in files.items():
        _sized(folder, name, facts)


def _sized(folder: CheckpointFolder, name: str, facts: FileFacts) -> Path:
    try:
        path = folder.file(name)
    except RunNameError as error:
        raise VerificationError(f"{folder.manifest_path} names a file {name!r}") from error
    try:
        with storage_errors("read", path):
            size = path.stat().st_size
    except FileNotFoundError as error:
        raise StoredFileError(f"{path} is missing") from error
    if size != facts.size:
        raise VerificationError(
            f"{path} is not the file that was written: it has {size:,} bytes of {facts.size:,}"
        )
    return path


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        piece = memoryview(bytearray(min(_PIECE, path.stat().st_size + 1)))
        while count := stream.readinto(piece):
            digest.update(piece[:count])
    return f"sha256:{digest.hexdigest()}"
