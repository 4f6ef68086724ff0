"""Reading the files of a run for an archive: regular files only, and with their digest."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from stride.errors import StorageError, VerificationError
from stride.files import storage_errors
from stride.store.archive.manifest import ArchivedFile

_PIECE = 2**20


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A regular file, opened for reading; a link that took its place is not followed.

    Raises:
        StorageError: it cannot be read, or is no regular file any more.
    """
    with storage_errors("read", path):
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
            descriptor = os.open(path, flags)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise StorageError(f"{path} is a symbolic link, which is not followed") from error
            raise
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StorageError(f"{path} is no regular file")
            yield stream


def read_facts(path: Path, name: str) -> ArchivedFile:
    """Size and digest of a file.

    Raises:
        StorageError: it cannot be read.
    """
    digest = hashlib.sha256()
    size = 0
    with opened(path) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            digest.update(piece)
        executable = bool(os.fstat(stream.fileno()).st_mode & stat.S_IXUSR)
    return ArchivedFile(
        name=name, size=size, digest=f"sha256:{digest.hexdigest()}", executable=executable
    )


class Readable(Protocol):
    """What gives its bytes piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, none at the end."""


class Proved:
    """A stream whose bytes are counted and digested as they are read.

    Reads no byte more than the file is to have; `check` tells whether it was that file.
    """

    def __init__(self, stream: Readable, facts: ArchivedFile) -> None:
        self._stream = stream
        self._facts = facts
        self._left = facts.size
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._stream.read(wanted) if wanted else b""
        self._left -= len(piece)
        self._digest.update(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        """All bytes."""
        while piece := self.read(_PIECE):
            yield piece

    def check(self, what: str) -> None:
        """Compare with what the file is to be, once all of it was read.

        Raises:
            VerificationError: it is another.
        """
        if self._left or f"sha256:{self._digest.hexdigest()}" != self._facts.digest:
            raise VerificationError(what)
        if self._stream.read(1):
            raise VerificationError(what)
