"""Small files: durable atomic writes, strict JSON, digests."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from stride.errors import StorageError, StoredFileError, StrideError
from stride.json_text import JSON, decode_json

_TEMPORARY_PREFIX = ".tmp-"
_REFUSALS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EFBIG: "the file would be larger than the limit allows",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
}
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF})


class storage_errors:  # noqa: N801  used as `with storage_errors(...)`, like contextlib's own
    """Turn an `OSError` inside into one sentence: `cannot <action> <path>: the disk is full`.

    A class, as a generator's context costs as much as writing a row of a table.

    Raises:
        StorageError: for every OSError but a missing file, which stays a FileNotFoundError.
    """

    __slots__ = ("_action", "_path")

    def __init__(self, action: str, path: Path) -> None:
        self._action = action
        self._path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise what the sentence says, from what the system said."""
        if not isinstance(error, OSError) or isinstance(error, StrideError | FileNotFoundError):
            return
        reason = _REFUSALS.get(error.errno or 0, error.strerror or str(error))
        raise StorageError(f"cannot {self._action} {self._path}: {reason}") from error


def fsync_folder(folder: Path) -> None:
    """Make the entries of a folder durable: a rename or a new file in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:  # some network file systems know no such thing
            raise
    finally:
        os.close(descriptor)


def read_content(path: Path) -> bytes:
    """All bytes of a regular file; a pipe or device in its place neither holds nor floods a reader.

    Raises:
        FileNotFoundError: there is none.
        StoredFileError: it is a pipe, a device or a socket.
        StorageError: it is a folder, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    with storage_errors("read", path):
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            if error.errno == errno.ENXIO:  # a socket
                raise _no_regular_file(path) from error
            raise
        try:
            facts = os.fstat(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(facts.st_mode):
                raise _no_regular_file(path)
            pieces = []
            while piece := os.read(descriptor, max(facts.st_size + 1, 1 << 16)):
                pieces.append(piece)
        finally:
            os.close(descriptor)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _no_regular_file(path: Path) -> StoredFileError:
    return StoredFileError(f"{path} is no regular file, but a pipe, a device or a socket")


def write_new(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file that must not exist yet, in a folder that no reader looks into.

    Raises:
        StorageError: there is one, or the disk refused; then a part of the file may be there.
    """
    with storage_errors("write", path):
        _write_new(path, content, durable=durable)


def _write_new(path: Path, content: bytes, *, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file: readers see the old content or the new, never a part, also after a kill.

    The content goes to a temporary file in the same folder and is renamed over `path`. With
    `durable` both the file and the folder are fsynced, so that the new content also survives a
    power cut. The mode is that of the umask.

    Raises:
        StorageError: the disk refused, or the folder is gone; no temporary file is left, and the
            old content is as it was, unless the very last step failed, which makes the rename
            durable.
    """
    temporary = temporary_for(path)
    with storage_errors("write", path):
        try:
            _write_new(temporary, content, durable=durable)
            temporary.replace(path)
        except FileNotFoundError as error:
            raise StorageError(f"cannot write {path}: its folder is gone") from error
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        if durable:
            fsync_folder(path.parent)


def write_exclusive(path: Path, content: bytes) -> bool:
    """Write a file durably unless there is one; say whether it was written.

    Readers see all of it or none. Of several processes that write at once, one does.

    Raises:
        StorageError: the disk refused; no temporary file is left.
    """
    temporary = temporary_for(path)
    with storage_errors("write", path):
        try:
            _write_new(temporary, content, durable=True)
            if not give_name(temporary, path):
                return False
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        fsync_folder(path.parent)
    return True


def give_name(temporary: Path, path: Path) -> bool:
    """Give a whole file its name unless that is taken, and say whether that was done: a link fails
    there, a rename does not. With links the temporary name stays, to be unlinked.
    """
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):  # without links, two who write in the same instant both do
            return False
        temporary.replace(path)
    return True


def is_temporary(name: str) -> bool:
    """Whether a file name is that of a write in progress, or of one that was killed."""
    return name.startswith(_TEMPORARY_PREFIX)


def clear_temporaries(path: Path) -> None:
    """Remove what killed writes of `path`, a file or a folder, left beside it; only for the one who
    writes it.
    """
    mark = _temporary_mark(path)
    with contextlib.suppress(OSError):
        for entry in path.parent.iterdir():
            if not entry.name.startswith(mark):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def temporary_for(path: Path) -> Path:
    """A new name beside `path`, for a file that is to replace it."""
    return path.with_name(f"{_temporary_mark(path)}{os.getpid()}-{os.urandom(4).hex()}")


def _temporary_mark(path: Path) -> str:
    return f"{_TEMPORARY_PREFIX}{path.name[:40]}-"


def encode_json(value: JSON) -> bytes:
    """JSON as stride writes it: UTF-8, two spaces of indent, a newline at the end, no bare NaN.

    Raises:
        ValueError: a number is nan or infinite, or a value is no JSON; where such numbers matter
            they are written as strings, see `encode_number`.
    """
    try:
        compact = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return msgspec.json.format(compact, indent=2) + b"\n"


def read_json(path: Path) -> JSON:
    """Read a strict JSON file.

    Raises:
        FileNotFoundError: there is none.
        StoredFileError: empty, cut off, not UTF-8, or not JSON.
        StorageError: it cannot be read.
    """
    return decode_json(read_content(path), path)


def write_json(path: Path, value: Mapping[str, JSON] | list[JSON], *, durable: bool = True) -> None:
    """Replace a JSON file atomically; see `write_atomic` and `encode_json`."""
    write_atomic(path, encode_json(value), durable=durable)


def encode_number(value: float) -> float | str:
    """A number for JSON: itself where it is finite, else "nan", "inf" or "-inf"."""
    return value if isinstance(value, int) or math.isfinite(value) else str(float(value))


def decode_number(value: float | str) -> float:
    """The number that `encode_number` wrote."""
    return float(value) if isinstance(value, str) else value


def sha256_of(content: bytes) -> str:
    """Digest of some bytes, as `sha256:<hex>`."""
    import hashlib  # deferred: loads OpenSSL, and what lists runs needs no digest

    return "sha256:" + hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Digest of a file's content, as `sha256:<hex>`; reads it once, in constant memory.

    Raises:
        FileNotFoundError: there is none.
        StorageError: it cannot be read.
    """
    import hashlib  # deferred: see sha256_of

    with storage_errors("read", path), path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
