"""Names of files in an archive: those that stay in the folder of their run, on any system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stride.files import is_temporary
from stride.store.requests import REQUESTS
from stride.store.run_folder import RunFolder

_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_NAME, _LONGEST_PART = 1024, 255
"""Bytes."""

_RUN = RunFolder("/")
_ONLY_HERE = frozenset(
    path.name
    for path in (
        _RUN.lock_path,
        _RUN.labels_lock_path,
        _RUN.removal_path,
        _RUN.import_path,
        *map(_RUN.request_path, REQUESTS),
    )
)


def belongs_here(name: str) -> bool:
    """Whether a file belongs to a run only where that is: locks, requests, what is half written."""
    return name.casefold() in _ONLY_HERE or is_temporary(name.rpartition("/")[2])


def refusal(names: Iterable[str]) -> str | None:
    """Why a run cannot have files of these names, wherever it is unpacked; None where it can.

    Names are relative to the run, with slashes. Two that some system takes for the same one, by
    case or by how an accent is written, are refused, folders included.
    """
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    for name in names:
        if not _is_inside(name):
            return f"the name {name[:100]!r} leads out of a run, or is none on other systems"
        if belongs_here(name):
            return f"{name} belongs to a run only where that is"
        *above, _ = parts = name.split("/")
        for count in range(1, len(above) + 1):
            path = "/".join(parts[:count])
            other = files.get(_folded(path)) or folders.setdefault(_folded(path), path)
            if other != path or _folded(path) in files:
                return f"{other} and {path} cannot both be there"
        other = files.get(_folded(name)) or folders.get(_folded(name)) or ""
        if other:
            return f"{name} is there twice" if other == name else _clash(other, name)
        files[_folded(name)] = name
    return None


def _clash(first: str, second: str) -> str:
    return f"{first} and {second} are the same name on other systems"


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _is_inside(name: str) -> bool:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    if not 0 < size <= _LONGEST_NAME or "\\" in name or _DRIVE.match(name):
        return False
    if any(unicodedata.category(character) == "Cc" for character in name):
        return False
    return all(
        part not in ("", ".", "..") and len(part.encode()) <= _LONGEST_PART
        for part in name.split("/")
    )
