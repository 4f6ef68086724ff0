"""What the doctor takes away: nothing that has content is deleted, it is moved to the trash."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from stride.errors import StorageError
from stride.files import fsync_folder, read_content, storage_errors, write_new
from stride.store.holding import holding
from stride.store.run import Run
from stride.store.trash import check_trash
from stride.store.work_dir import WorkDir


def set_aside(work_dir: WorkDir, path: Path) -> str:
    """Move a file or folder of an experiment to its trash, or remove it where it is empty.

    Returns:
        What was done, in words.

    Raises:
        StorageError: the disk refused; it is where it was.
    """
    with storage_errors("move", path):
        if not path.is_symlink() and _is_empty(path):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
            fsync_folder(path.parent)
            return "removed: it was empty"
        target = _place_for(work_dir, path)
        path.rename(target)
        fsync_folder(target.parent)
        fsync_folder(path.parent)
    return f"moved to {target}"


def copy_aside(work_dir: WorkDir, path: Path) -> str:
    """Copy a small file to the trash, before it is replaced; says so.

    Raises:
        StorageError: the disk refused.
    """
    content = read_content(path)
    if not content:
        return "it was empty"
    with storage_errors("write", path):
        target = _place_for(work_dir, path)
        write_new(target, content)
        fsync_folder(target.parent)
    return f"copied to {target}"


def _place_for(work_dir: WorkDir, path: Path) -> Path:
    check_trash(work_dir)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    if work_dir.aside_path.is_symlink():
        raise StorageError(f"{work_dir.aside_path} is a symbolic link, which is not followed")
    place = work_dir.aside_path / f"{moment}-{os.urandom(4).hex()}"
    target = place / path.relative_to(work_dir.path)
    target.parent.mkdir(parents=True)
    return target


def set_aside_from(run: Run, path: Path) -> Callable[[], str]:
    """The same for what lies in a run, while no training can begin in it."""

    def mend() -> str:
        with holding(run):
            return set_aside(WorkDir(run.work_dir), path)

    return mend


def _is_empty(path: Path) -> bool:
    if path.is_dir():
        return not any(path.iterdir())
    return path.stat().st_size == 0
