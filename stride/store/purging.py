"""The purge: what lies in the trash is really deleted; nothing outside it is touched.

An entry is first renamed to `.purging-...`: from there on nobody restores it, and what a purge
that was cut short leaves is known, and finished by the next one.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from stride.errors import RunBusyError, RunNotFoundError
from stride.files import fsync_folder, storage_errors
from stride.store.lock import LockState, query
from stride.store.run import Run
from stride.store.trash import TrashEntry, check_trash
from stride.store.work_dir import WorkDir

_PURGING = ".purging-"


def leftovers(work_dir: WorkDir) -> list[Path]:
    """What purges that were cut short left, and what `doctor` set aside.

    Raises:
        StorageError: the trash cannot be read.
    """
    check_trash(work_dir)
    trash = work_dir.trash_path
    with storage_errors("read", trash):
        try:
            names = sorted(os.listdir(trash))  # noqa: PTH208  names are all that is needed
        except FileNotFoundError:
            return []
    aside = work_dir.aside_path.name
    return [trash / name for name in names if name.startswith(_PURGING) or name == aside]


def purge_entry(entry: TrashEntry) -> None:
    """Delete a run that lies in the trash, for good.

    Raises:
        RunBusyError: a process trains it, where it lies.
        RunNotFoundError: it is not in the trash any more.
        StorageError: the disk refused; what is left of it is deleted by the next purge.
    """
    check_trash(entry.work_dir)
    check_dead(entry.run)
    trash = entry.work_dir.trash_path
    purging = trash / f"{_PURGING}{entry.folder.name}-{os.urandom(4).hex()}"
    with storage_errors("remove", entry.folder):
        try:
            entry.folder.rename(purging)
        except FileNotFoundError as error:
            raise RunNotFoundError(f"{entry.address} is not in the trash any more") from error
        fsync_folder(trash)
    delete(purging)


def check_dead(run: Run) -> None:
    """Look whether a process trains a run that lies in the trash, moved there by hand.

    Raises:
        RunBusyError: one does.
    """
    held = not run.path.is_symlink() and query(run.lock_path) is LockState.HELD
    if held:
        raise RunBusyError(f"{run.address} is being trained: its process holds {run.path}")


def delete(path: Path) -> None:
    """Delete a file or a folder with all that is in it; a link goes, what it leads to stays.

    Folders that forbid it are opened for it where they are ours. Also where another process
    deletes the same at once.

    Raises:
        StorageError: the disk refused.
    """
    with storage_errors("remove", path):
        try:
            if path.is_symlink() or not path.is_dir():
                path.unlink(missing_ok=True)
                return
            try:
                shutil.rmtree(path)
            except PermissionError:
                _open_folders(path)
                shutil.rmtree(path)
        except FileNotFoundError:
            if os.path.lexists(path):  # another purge takes it apart as well
                shutil.rmtree(path, ignore_errors=True)


def _open_folders(path: Path) -> None:
    path.chmod(path.stat().st_mode | stat.S_IRWXU)  # or the walk would find nothing in it
    for folder, names, _ in os.walk(path, followlinks=False):
        for name in (".", *names):
            below = Path(folder, name)
            if not below.is_symlink():
                below.chmod(below.stat().st_mode | stat.S_IRWXU)
