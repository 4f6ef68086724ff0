"""What of a run goes into an archive."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stride.errors import StoredFileError, VerificationError
from stride.files import storage_errors
from stride.store.archive.member_names import belongs_here
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_proof import read_whole
from stride.store.record import RunRecord, Status
from stride.store.run import Run


@dataclass(frozen=True)
class Contents:
    """Names of the files of a run that go, with slashes; and what stays behind, with the reason."""

    names: tuple[str, ...]
    left_out: dict[str, str]


def contents_of(run: Run, record: RunRecord, *, checkpoints: bool | None) -> Contents:
    """Choose the files of a run.

    Args:
        checkpoints: all of them, or none. None: of a completed run none, as its weights are all
            that is needed to use it; of any other the newest whole one, so that it can go on.

    Raises:
        StorageError: a folder cannot be read.
    """
    left_out: dict[str, str] = {}
    kept = _kept_checkpoints(run, record, checkpoints)
    names = []
    for name, path, mode in _walk(run.path, ""):
        if belongs_here(name):
            continue
        folder, _, rest = name.partition("/")
        if folder == run.checkpoints_path.name and rest:
            checkpoint, slash, _ = rest.partition("/")
            if slash and checkpoint not in kept:
                if CheckpointFolder(run.checkpoints_path / checkpoint).order > (-1, 0):
                    left_out[f"{folder}/{checkpoint}"] = "checkpoint"
                continue
            if not slash and not kept:
                continue
        if stat.S_ISREG(mode):
            names.append(name)
        else:
            left_out[name] = "symbolic link" if path.is_symlink() else "no regular file"
    return Contents(tuple(sorted(names)), left_out)


def _kept_checkpoints(run: Run, record: RunRecord, wanted: bool | None) -> set[str]:
    if wanted is False or (wanted is None and record.status is Status.COMPLETED):
        return set()
    committed = run.checkpoint_paths.committed()
    if wanted:
        return {folder.name for folder in committed}
    for folder in committed:
        try:
            read_whole(folder)
        except (StoredFileError, VerificationError):
            continue
        return {folder.name}
    return set()


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path, int]]:
    """Everything below a folder that is none itself; links are told, and not followed."""
    with storage_errors("read", folder), os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name, path = f"{prefix}{entry.name}", folder / entry.name
        with storage_errors("read", path):
            mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path, f"{name}/")
        else:
            yield name, path, mode
