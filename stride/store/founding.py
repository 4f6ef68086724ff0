"""The founding of an experiment: a folder gets the config.json that makes it one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.config.format import FORMAT
from stride.errors import ConfigError, StorageError
from stride.files import encode_json, is_temporary, storage_errors, write_exclusive
from stride.store.stored_values import storable

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir

TRIES = 20
"""How often a folder that goes away while it is made, by a creation that failed, is made again."""

_OWN = frozenset({".stride", ".staging", ".trash"})
_NO_CONTENT = frozenset({".DS_Store", ".gitkeep"})


def found(work_dir: WorkDir, content: bytes, *, adopt: bool) -> bool:
    """Write config.json where none is, and make the folders above it; whether that was done.

    Of several processes at once, one does it. See `WorkDir.initialize`.
    """
    for _ in range(TRIES):
        try:
            if is_experiment(work_dir, adopt=adopt):
                return False
            with made_folders(work_dir.path):
                return write_exclusive(work_dir.config_path, content)
        except FileNotFoundError:
            continue
    raise StorageError(f"cannot make {work_dir.address}: something removes the folder")


def is_experiment(work_dir: WorkDir, *, adopt: bool = False) -> bool:
    """Whether there is an experiment already; False where one can be made.

    Raises:
        NotAnExperimentError: a file, a run, or a folder with other content and no `adopt`.
        NewerFormatError, StoredFileError: there is one, and its config.json cannot be read.
        StorageError: the folder cannot be looked at.
        FileNotFoundError: it has just been removed; look again.
    """
    folder = work_dir.path
    if not os.path.lexists(folder):
        return False
    if folder.is_dir():
        known = os.path.lexists(work_dir.config_path) or os.path.lexists(work_dir.record_path)
        if not known and (adopt or not _has_entries(folder, _OWN | _NO_CONTENT)):
            return False
    elif not os.path.lexists(folder):  # it has just gone
        return False
    work_dir.check()
    return True


@contextlib.contextmanager
def made_folders(folder: Path) -> Iterator[None]:
    """Make the folder and those above it. On an error inside, the ones made go, where empty."""
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
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


def encode_config(config: Mapping[str, Any]) -> bytes:
    """A config.json, of an experiment or a run, with its format.

    Raises:
        ConfigError: a value is no JSON.
    """
    try:
        return encode_json(storable({"format": FORMAT, **config}))
    except RecursionError as error:
        raise ConfigError("the config cannot be written as JSON: it contains itself") from error
    except ValueError as error:
        raise ConfigError(f"the config cannot be written as JSON: {error}") from error


def _has_entries(folder: Path, besides: frozenset[str]) -> bool:
    """Whether the folder holds more than these and what is just being written."""
    with storage_errors("read", folder), os.scandir(folder) as entries:
        return any(not (is_temporary(entry.name) or entry.name in besides) for entry in entries)
