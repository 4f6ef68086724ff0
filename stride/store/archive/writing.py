"""Writing an archive, as tar, tar.gz or zip: the same content gives the same bytes."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from stride.errors import UsageError
from stride.store.archive.file_reading import Readable

ENDINGS: Final = (".tar.gz", ".tgz", ".tar", ".zip")
"""Of the names that an archive may have."""

_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The first that the format knows."""


class ArchiveWriter(ABC):
    """Takes files, one after the other."""

    @abstractmethod
    def add(self, name: str, size: int, executable: bool, stream: Readable) -> None:
        """Add a file of so many bytes."""

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small file."""
        self.add(name, len(content), False, io.BytesIO(content))


class _TarWriter(ArchiveWriter):
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, size: int, executable: bool, stream: Readable) -> None:
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o755 if executable else 0o644
        self._tar.addfile(member, stream)


class _ZipWriter(ArchiveWriter):
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive

    def add(self, name: str, size: int, executable: bool, stream: Readable) -> None:
        member = zipfile.ZipInfo(name, _ZIP_MOMENT)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.create_system = 3
        member.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
        member.file_size = size
        with self._zip.open(member, "w") as target:
            while piece := stream.read(2**20):
                target.write(piece)


def check_ending(path: Path) -> None:
    """Look whether a name says how the archive is to be written.

    Raises:
        UsageError: it does not.
    """
    if not path.name.lower().endswith(ENDINGS):
        raise UsageError(
            f"{path} does not say what archive it is to be: end it in .tar.gz, .tar or .zip"
        )


@contextmanager
def writer(stream: BinaryIO, name: str) -> Iterator[ArchiveWriter]:
    """A writer of the kind that a name says, onto a stream."""
    name = name.lower()
    if name.endswith(".zip"):
        with zipfile.ZipFile(stream, "w", strict_timestamps=False) as archive:
            yield _ZipWriter(archive)
    elif name.endswith(".tar"):
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            yield _TarWriter(tar)
    else:
        with (
            gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            yield _TarWriter(tar)
