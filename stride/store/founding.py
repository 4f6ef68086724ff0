"""The founding of an experiment: a folder gets the config.json that makes it one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.config.format import FORMAT
from stride.errors import ConfigError
from stride.files import encode_json, is_temporary, storage_errors, write_exclusive
from stride.store.record import storable

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir

_OWN = frozenset({".stride", ".staging", ".trash"})
_NO_CONTENT = frozenset({".DS_Store", ".gitkeep"})


@dataclass(frozen=True, slots=True)
class Founding:
    """That this process made an experiment: what it takes to undo it.

    Attributes:
        made: the folders that were not there before, the deepest first.
        content: of the config.json.
    """

    work_dir: WorkDir
    made: tuple[Path, ...]
    content: bytes

    def undo(self) -> None:
        """Take all back, where the first creation failed; unless others use the experiment."""
        work_dir = self.work_dir
        with contextlib.suppress(OSError):
            work_dir.staging_path.rmdir()
            with contextlib.suppress(FileNotFoundError):
                work_dir.next_number_path.unlink()
                work_dir.cache_path.rmdir()
            work_dir.config_path.unlink()
            if _has_entries(work_dir.path, _NO_CONTENT):  # others have just begun to use it
                write_exclusive(work_dir.config_path, self.content)
            _remove(self.made)


def found(work_dir: WorkDir, content: bytes, *, adopt: bool) -> Founding | None:
    """Write config.json where none is, and make the folders above it; None where one is.

    Of several processes at once, one does it. See `WorkDir.initialize`.
    """
    folder = work_dir.path
    if os.path.lexists(folder):
        known = os.path.lexists(work_dir.config_path) or os.path.lexists(work_dir.record_path)
        if known or not folder.is_dir() or (not adopt and _has_entries(folder, _OWN | _NO_CONTENT)):
            work_dir.check()
            return None
    made = _make_folders(folder)
    try:
        written = write_exclusive(work_dir.config_path, content)
    except BaseException:
        _remove(made)
        raise
    return Founding(work_dir, made, content) if written else None


def encode_config(config: Mapping[str, Any]) -> bytes:
    """A config.json, of an experiment or a run, with its format.

    Raises:
        ConfigError: a value is no JSON.
    """
    try:
        return encode_json(storable({"format": FORMAT, **config}))
    except ValueError as error:
        raise ConfigError(f"the config cannot be written as JSON: {error}") from error


def _has_entries(folder: Path, besides: frozenset[str]) -> bool:
    """Whether the folder holds more than these and what is just being written."""
    with storage_errors("read", folder), os.scandir(folder) as entries:
        return any(not (is_temporary(entry.name) or entry.name in besides) for entry in entries)


def _make_folders(folder: Path) -> tuple[Path, ...]:
    """Make the folder and those above it; give the ones made, the deepest first."""
    missing = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    made: list[Path] = []
    try:
        for path in reversed(missing):
            with storage_errors("make", path):
                path.mkdir(exist_ok=True)
                made.insert(0, path)
    except BaseException:
        _remove(made)
        raise
    return tuple(made)


def _remove(folders: list[Path] | tuple[Path, ...]) -> None:
    """Remove the folders that are empty, from the first on."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()
