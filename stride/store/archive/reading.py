"""Reading an archive that somebody else may have made: its members, and no more than they may be.

Nothing is unpacked here, and no name in it is used as a path. What it unpacks to is bounded at
every step: what its manifest may have, then what the manifest says of each file.
"""

from __future__ import annotations

import contextlib
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stride.errors import StrideError, UsageError
from stride.files import storage_errors
from stride.store.archive.file_reading import Readable

_LARGEST_MANIFEST = 2**27
_HEADERS = 2**20
"""Bytes that a tar may have between two files."""

_PLAIN = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
_MISREAD = (ValueError, IndexError, KeyError, struct.error, RuntimeError, OverflowError)
"""What the libraries raise of headers that make no sense."""

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)


class Archive(ABC):
    """The members of an archive, one after the other."""

    @abstractmethod
    def manifest(self, name: str) -> bytes:
        """The content of its first member, which is to have this name.

        Raises:
            UsageError: it has another, or is too large.
        """

    @abstractmethod
    def members(self, sizes: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        """Name and stream of each further file, for as long as it is the newest.

        Args:
            sizes: of the files that may come, in bytes.

        Raises:
            UsageError: another file, one of another size or kind, or the same twice.
        """


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """An archive of one of the known kinds, told by its content and not by its name.

    Raises:
        UsageError: it is none, damaged, or not there.
        StorageError: it cannot be read.
    """
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"there is no archive {path}") from error
    except OSError as error:
        with storage_errors("read", path):
            raise error
    with opened as stream, storage_errors("read", path):
        beginning = stream.read(512)
        stream.seek(0)
        try:
            if beginning.startswith(b"PK"):
                with _parsing(path):
                    found = zipfile.ZipFile(stream)
                with found:
                    yield _Zip(found, path)
            elif beginning.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=stream) as unpacked:
                    yield _Tar(unpacked, path)
            elif beginning[257:262] == b"ustar":
                yield _Tar(stream, path)
            else:
                raise UsageError(f"{path} is no archive that stride export wrote")
        except (*_DAMAGED, gzip.BadGzipFile) as error:
            raise UsageError(f"{path} is damaged: {error}") from error


@contextlib.contextmanager
def _parsing(path: Path) -> Iterator[None]:
    """Headers that make no sense are an error of the archive."""
    try:
        yield
    except StrideError:
        raise
    except _MISREAD as error:
        raise UsageError(f"{path} is damaged: {error}") from error


def refuse(path: Path, reason: str) -> UsageError:
    """The sentence about an archive that is not taken."""
    return UsageError(f"{path} is not taken: {reason}")


class _Zip(Archive):
    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._zip = archive
        self._path = path
        self._manifest = ""

    def manifest(self, name: str) -> bytes:
        found = [member for member in self._zip.infolist() if member.filename == name]
        if len(found) != 1:
            raise refuse(self._path, f"it has no {name}, or several")
        self._check(found[0])
        if found[0].file_size > _LARGEST_MANIFEST:
            raise refuse(self._path, f"its {name} is too large")
        with _parsing(self._path), self._zip.open(found[0]) as stream:
            content = stream.read(found[0].file_size + 1)
        if len(content) != found[0].file_size:
            raise refuse(self._path, f"its {name} has another size than it says")
        self._manifest = name
        return content

    def members(self, sizes: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        seen: set[str] = set()
        for member in self._zip.infolist():
            name = member.filename
            if name == self._manifest or name.endswith("/"):
                continue
            self._check(member)
            _check_listed(self._path, name, member.file_size, sizes, seen)
            seen.add(name)
            with _parsing(self._path):
                stream = self._zip.open(member)
            with stream:
                yield name, stream

    def _check(self, member: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise refuse(self._path, f"{member.filename[:100]!r} is no regular file")
        if member.flag_bits & 1:
            raise refuse(self._path, f"{member.filename[:100]!r} is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse(self._path, f"{member.filename[:100]!r} is packed in an unusual way")


class _Tar(Archive):
    def __init__(self, stream: Readable, path: Path) -> None:
        self._granted = _Granted(stream, path)
        self._path = path
        self._granted.grant(_HEADERS)
        with _parsing(path):
            self._tar: tarfile.TarFile = tarfile.open(  # type: ignore[call-overload]  # noqa: SIM115
                fileobj=self._granted, mode="r|"
            )

    def manifest(self, name: str) -> bytes:
        member = self._next()
        if member is None or member.name != name or member.type not in _PLAIN:
            raise refuse(self._path, f"its first file is not {name}")
        if member.size > _LARGEST_MANIFEST:
            raise refuse(self._path, f"its {name} is too large")
        with self._content(member) as stream:
            return stream.read()

    def members(self, sizes: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        seen: set[str] = set()
        while (member := self._next()) is not None:
            if member.isdir():
                continue
            if member.type not in _PLAIN or member.issparse():
                raise refuse(self._path, f"{member.name[:100]!r} is no regular file")
            _check_listed(self._path, member.name, member.size, sizes, seen)
            seen.add(member.name)
            with self._content(member) as stream:
                yield member.name, stream

    def _next(self) -> tarfile.TarInfo | None:
        self._granted.grant(_HEADERS)
        with _parsing(self._path):
            return self._tar.next()

    def _content(self, member: tarfile.TarInfo) -> IO[bytes]:
        self._granted.grant(member.size + tarfile.RECORDSIZE)
        stream = self._tar.extractfile(member)
        assert stream is not None
        return stream


class _Granted:
    """A stream that gives no more bytes than it was granted last: headers of a tar, which are read
    into memory, may claim any length.
    """

    def __init__(self, stream: Readable, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._left = 0

    def grant(self, size: int) -> None:
        """Let so many bytes be read from here on; what was granted before is over."""
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Some bytes.

        Raises:
            UsageError: there are more than were granted.
        """
        piece = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(piece)
        if self._left < 0:
            raise refuse(self._path, "it unpacks to more than its manifest says")
        return piece


def _check_listed(path: Path, name: str, size: int, sizes: dict[str, int], seen: set[str]) -> None:
    if name not in sizes:
        raise refuse(path, f"{name[:100]!r} is in it, and not in its manifest")
    if name in seen:
        raise refuse(path, f"{name[:100]!r} is in it twice")
    if size != sizes[name]:
        raise refuse(path, f"{name[:100]!r} has another size than its manifest says")
