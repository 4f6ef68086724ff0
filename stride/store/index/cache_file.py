"""The file that keeps what was read of the runs: columns, and the stamps that they are true for.

It is only a cache: one that is torn, garbled, foreign, or of another version counts as none.

    mark | checksum of all that follows | length of the header | header | blocks
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stride import __version__
from stride.files import temporary_for, write_atomic
from stride.store.index.slab import Slab
from stride.store.index.stored_column import Bytes, StoredColumn

_MARK = b"index of stride\n"
_LAYOUT = 1
"""To be raised whenever the file or the meaning of a column changes."""
_HEAD = len(_MARK) + 8
_VERSION = (_LAYOUT, __version__, sys.byteorder)


@dataclass(frozen=True, slots=True)
class Cached:
    """What the file holds.

    Attributes:
        names: of the runs, in the order of a listing.
        settled: a byte a run: 0 where it is to be read again, whatever its stamps.
        stamps: of each file of the runs.
        slab: the columns.
    """

    names: list[str]
    settled: bytes
    stamps: Sequence[array[int]]
    slab: Slab


class _ColumnHeader(msgspec.Struct, frozen=True, array_like=True):
    name: str
    present: int
    codes: int
    values: int


class _Header(msgspec.Struct, frozen=True, array_like=True):
    """What stands in the blocks, and how many bytes each has."""

    version: tuple[int, str, str]
    rows: int
    names: int
    files: int
    columns: list[_ColumnHeader]


def read_cache_file(path: Path, files: int) -> Cached | None:
    """What is cached; None where there is nothing that can be believed.

    Args:
        files: how many files of each run are stamped.
    """
    content = _read(path)
    if content is None or content[: len(_MARK)] != _MARK or len(content) < _HEAD:
        return None
    view = memoryview(content)
    checksum = int.from_bytes(view[len(_MARK) : len(_MARK) + 4], "little")
    if zlib.crc32(view[len(_MARK) + 4 :]) != checksum:
        return None
    start = _HEAD + int.from_bytes(view[len(_MARK) + 4 : _HEAD], "little")
    try:
        header = msgspec.msgpack.decode(view[_HEAD:start], type=_Header)
        if header.version != _VERSION or header.files != files:
            return None
        return _unpack(header, view[start:])
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None


def _read(path: Path) -> bytes | None:
    """The bytes of the file; a link or a pipe in its place, or in that of its folder, is none."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    if path.parent.is_symlink():
        return None
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    try:
        facts = os.fstat(descriptor)
        return os.read(descriptor, facts.st_size) if stat.S_ISREG(facts.st_mode) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _unpack(header: _Header, blocks: memoryview) -> Cached:
    """Cut the blocks apart.

    Raises:
        ValueError: they are not what the header says.
    """
    place = 0

    def take(size: int) -> memoryview:
        nonlocal place
        place += size
        if size < 0 or place > len(blocks):
            raise ValueError("a block ends behind the file")
        return blocks[place - size : place]

    rows = header.rows
    names = msgspec.msgpack.decode(take(header.names), type=list[str])
    settled = bytes(take(rows))
    stamps = []
    for _ in range(header.files):
        stamps.append(array("Q"))
        stamps[-1].frombytes(take(24 * rows))
    columns = {}
    for column in header.columns:
        if column.codes not in (0, rows, 2 * rows, 4 * rows):
            raise ValueError("a column has codes of no width")
        codes, values = take(column.codes), take(column.values)
        columns[column.name] = StoredColumn(rows, column.present, codes, values)
    if len(names) != rows or place != len(blocks):
        raise ValueError("the blocks do not fit each other")
    return Cached(names, settled, stamps, Slab(rows, columns))


def write_cache_file(path: Path, cached: Cached) -> bool:
    """Replace the file atomically; False where that is not possible, which does no harm.

    Of several writers the last one stays. Nothing is fsynced: the checksum tells what a power cut
    left.
    """
    names = msgspec.msgpack.encode(cached.names)
    columns = []
    blocks: list[Bytes] = [names, cached.settled, *(each.tobytes() for each in cached.stamps)]
    for name, column in cached.slab.columns.items():
        columns.append(_ColumnHeader(name, column.present, len(column.codes), len(column.values)))
        blocks += [column.codes, column.values]
    header = msgspec.msgpack.encode(
        _Header(_VERSION, cached.slab.rows, len(names), len(cached.stamps), columns)
    )
    body = b"".join([len(header).to_bytes(4, "little"), header, *blocks])
    content = b"".join([_MARK, zlib.crc32(body).to_bytes(4, "little"), body])
    del body, blocks
    try:
        _make_folder(path.parent)
        write_atomic(path, content, durable=False)
    except OSError:
        return False
    return True


def file_system_time(path: Path) -> int | None:
    """This moment in nanoseconds, as the file system that `path` is to be on counts them.

    Its clock may be that of another machine; so a file is written and looked at. The folder is made
    where there is none.

    Returns:
        None where nothing can be written: then nothing can be kept either.
    """
    temporary = temporary_for(path)
    try:
        _make_folder(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666)
        try:
            return os.fstat(descriptor).st_ctime_ns
        finally:
            os.close(descriptor)
            temporary.unlink()
    except OSError:
        return None


def _make_folder(path: Path) -> None:
    """Make the folder of the caches; one that leads elsewhere is not used."""
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    if path.is_symlink():
        raise NotADirectoryError(path)
