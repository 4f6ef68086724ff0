"""One array of a user's file: an array of an .npz, or an .npy, never a pickle."""

from __future__ import annotations

import functools
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stride.errors import DataError, StrideError
from stride.files import sha256_of, sha256_of_file, storage_errors

# What an array of numbers is called by NumPy: truth values, integers, real numbers.
_NUMBERS = "biuf"

# What NumPy raises for a file that is cut off, damaged, or of another format than its name says.
_BROKEN = (ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


def read_array(path: Path, key: str | None, *, option: str) -> NDArray[Any]:
    """Read an array of numbers; an .npy is memory-mapped, so that only what is used is read.

    Args:
        path: an .npz file, an .npy file, or a folder of .npy files.
        key: which array of an .npz, or which file of a folder; an .npy has no choice.
        option: the key of the config that named the file, for the sentences.

    Raises:
        DataError: it is missing, empty, cut off, holds pickled objects, or no numbers.
        StorageError: it cannot be read.
    """
    file, member = _locate(path, key, option)
    _check_file(file, option)
    try:
        with storage_errors("read", file):
            if member is None:
                array: NDArray[Any] = np.lib.format.open_memmap(file, mode="r")
            else:
                # Opened here, because np.load leaves a file open that it cannot read.
                with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                    _check_member(arrays.files, member, file, option)
                    array = arrays[member]
    except StrideError:
        raise  # which are ValueErrors as well, and say what is wrong already
    except MemoryError as error:
        raise DataError(
            f"{option}: {_shown(file, member)} does not fit into memory ({error}); save it as an"
            " .npy, of which only what is used is read"
        ) from error
    except _BROKEN as error:
        raise DataError(_why(file, option, error)) from error
    if not isinstance(array, np.ndarray):  # a member of the archive that no numpy.savez wrote
        raise DataError(f"{option}: {_shown(file, member)} is no array of NumPy")
    if array.dtype.kind not in _NUMBERS:
        raise DataError(
            f"{option}: {_shown(file, member)} holds no numbers, but values of the type"
            f" {array.dtype}; names of classes are turned into numbers by"
            " numpy.unique(names, return_inverse=True)"
        )
    return array


def array_names(path: Path, *, option: str) -> tuple[str, ...]:
    """The names of the arrays in an .npz; none for an .npy or a folder.

    Raises:
        DataError, StorageError: see `read_array`.
    """
    if path.suffix != ".npz":
        return ()
    _check_file(path, option)
    try:
        with (
            storage_errors("read", path),
            path.open("rb") as stream,
            np.load(stream, allow_pickle=False) as arrays,
        ):
            return tuple(arrays.files)
    except StrideError:
        raise
    except _BROKEN as error:
        raise DataError(_why(path, option, error)) from error


def digest_of_files(files: Sequence[Path]) -> str:
    """Digest of the contents of some files, as `sha256:<hex>`; of one file it is the file's own."""
    digests = [_digest(file) for file in files]
    return digests[0] if len(digests) == 1 else sha256_of("\n".join(digests).encode())


def _digest(path: Path) -> str:
    # The three splits are often of one file: it is read once, unless it changes.
    facts = path.stat()
    return _digest_of_state(path, facts.st_ino, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest_of_state(path: Path, _inode: int, _size: int, _changed: int) -> str:
    return sha256_of_file(path)


def _locate(path: Path, key: str | None, option: str) -> tuple[Path, str | None]:
    with storage_errors("read", path):
        return _located(path, key, option)


def _located(path: Path, key: str | None, option: str) -> tuple[Path, str | None]:
    if path.suffix == ".npz":
        return path, key
    if path.suffix == ".npy":
        return path, None
    if path.is_dir() and key is not None:
        return path / f"{key}.npy", None
    if path.exists():
        raise DataError(f"{option}: {path} is neither .npz nor .npy; save arrays by numpy.savez")
    raise DataError(f"{option}: {path} does not exist")


def _check_file(file: Path, option: str) -> None:
    with storage_errors("read", file):
        if not file.is_file():
            what = "is no file" if file.exists() else "does not exist"
            raise DataError(f"{option}: {file} {what}")
        if file.stat().st_size == 0:
            raise DataError(f"{option}: {file} is empty")


def _check_member(members: list[str], key: str, file: Path, option: str) -> None:
    if key not in members:
        way = (
            "another by --key"
            if option.startswith("--")
            else "its arrays by inputs_key and targets_key"
        )
        raise DataError(
            f"{option}: {file} has no array {key!r}, but {', '.join(members) or 'none at all'};"
            f" name {way}"
        )


def _why(file: Path, option: str, error: Exception) -> str:
    if "pickle" in str(error).lower() or "Python objects" in str(error):
        return (
            f"{option}: {file} holds pickled objects, which are never loaded, because a pickle can"
            " run any code; save plain arrays of numbers by numpy.savez"
        )
    return f"{option}: {file} is cut off, or no file of NumPy: {error}"


def _shown(file: Path, member: str | None) -> str:
    return str(file) if member is None else f"{member} of {file}"
