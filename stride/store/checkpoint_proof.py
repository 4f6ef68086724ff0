"""The proof of a checkpoint: every file that its manifest names is there, and is what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from stride.errors import RunNameError, StoredFileError, VerificationError
from stride.files import storage_errors
from stride.store.checkpoint_manifest import FileFacts
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
        try:
            path = folder.file(name)
        except RunNameError as error:
            raise VerificationError(f"{folder.manifest_path} names a file {name!r}") from error
        try:
            with storage_errors("read", path):
                size = path.stat().st_size
                if size != facts.size:
                    raise VerificationError(
                        f"{path} is not the file that was written: it has {size:,} bytes of"
                        f" {facts.size:,}"
                    )
                digest = _digest_of(path)
        except FileNotFoundError as error:
            raise StoredFileError(f"{path} is missing") from error
        if digest != facts.digest:
            raise VerificationError(
                f"{path} is not the file that was written: its digest is {digest[:19]}…, not"
                f" {facts.digest[:19]}…"
            )


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        piece = memoryview(bytearray(min(_PIECE, path.stat().st_size + 1)))
        while count := stream.readinto(piece):
            digest.update(piece[:count])
    return f"sha256:{digest.hexdigest()}"
