"""A durable file: written to the disk itself, with its digest, and read back from there."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from stride.files import storage_errors
from stride.store.checkpoint_manifest import FileFacts

_PIECE = 2**23


def write_file(path: Path, pieces: Iterable[bytes | memoryview]) -> FileFacts:
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


def forget_cached(path: Path) -> None:
    """Have the next reading come from the disk, so that it proves something."""
    if sys.platform != "linux":
        return
    with storage_errors("read", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
