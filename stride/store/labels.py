"""Labels of a run: tags and a note, what people write at any time, also while it trains."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from stride.errors import NewerFormatError, RunNotFoundError, StorageError, StoredFileError
from stride.files import read_content, storage_errors, write_json
from stride.json_text import decode_json

FORMAT = 1


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """All of labels.json."""

    format: int = FORMAT
    tags: tuple[str, ...] = ()
    note: str = ""


def read_labels(path: Path) -> Labels:
    """Read a labels.json; no labels where there is no file.

    Raises:
        StoredFileError: torn, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
        StorageError: it cannot be read.
    """
    try:
        content = read_content(path)
    except FileNotFoundError:
        return Labels()
    return decode_labels(content, path)


def decode_labels(content: bytes, path: Path) -> Labels:
    """Read the bytes of a labels.json; `path` is for the sentence of an error.

    Raises:
        StoredFileError: torn, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
    """
    tree = decode_json(content, path)
    number = tree.get("format") if isinstance(tree, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise NewerFormatError(f"{path} was written by a newer stride; update stride to read it")
    try:
        return msgspec.convert(tree, Labels)
    except msgspec.ValidationError as error:
        raise StoredFileError(f"{path} holds no labels: {error}") from error


def write_labels(
    path: Path,
    lock_path: Path,
    *,
    add_tags: tuple[str, ...] = (),
    remove_tags: tuple[str, ...] = (),
    note: str | None = None,
    append: bool = False,
) -> Labels:
    """Change labels.json and give the new labels; people who write at once take turns.

    Tags keep the order in which they came, each once. A note of None stays as it is, "" removes it.

    Args:
        append: the note becomes a further line of the one that there is.

    Raises:
        RunNotFoundError: the run was moved away a moment ago.
        StoredFileError: the labels that are there cannot be read; they stay.
        StorageError: the disk refused, or another writer did not finish within ten seconds.
    """
    import filelock  # deferred: what reads labels needs no lock, and it is slow to import

    turn = filelock.FileLock(lock_path, timeout=10)
    try:
        with storage_errors("write", path), turn:
            _check_there(path, lock_path)
            old = read_labels(path)
            if append and old.note and note:
                note = f"{old.note}\n{note}"
            tags = dict.fromkeys((*old.tags, *add_tags))
            labels = Labels(
                tags=tuple(tag for tag in tags if tag not in remove_tags),
                note=old.note if note is None else note,
            )
            write_json(path, msgspec.to_builtins(labels))
    except filelock.Timeout as error:
        raise StorageError(f"cannot write {path}: another process has been writing it") from error
    return labels


def _check_there(path: Path, lock_path: Path) -> None:
    """Whether the run is there still: the file of the lock is made with the folders above it."""
    with os.scandir(path.parent) as entries:
        if any(entry.name != lock_path.name for entry in entries):
            return
    lock_path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    raise RunNotFoundError(f"{path.parent} is not there any more: it was moved or removed")
