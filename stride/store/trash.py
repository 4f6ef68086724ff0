"""The trash of an experiment: runs that were removed lie there whole, until they are purged.

A run goes there by one rename, and comes back by one. It lies under its number or name; a further
one of the same name as `<name>.~2` and so on. While it lies there its number is not given again.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stride.errors import (
    RunExistsError,
    RunNotFoundError,
    StorageError,
    StoredFileError,
    UsageError,
)
from stride.files import clear_temporaries, fsync_folder, read_content, storage_errors, write_json
from stride.store.holding import holding, read_dead
from stride.store.names import check_run_name, is_number, is_run_name
from stride.store.record import utc_now
from stride.store.run import Run
from stride.store.run_id import read_id
from stride.store.work_dir import WorkDir

_ENTRY = re.compile(r"(?P<name>[^~]+?)(?:\.~(?P<count>[1-9][0-9]*))?")
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR})


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is written beside the files of a removed run."""

    moment: str
    id: str | None = None


@dataclass(frozen=True)
class TrashEntry:
    """A run that was removed.

    Attributes:
        name: the number or name that it had.
        id: its permanent id, None where its record cannot be read.
        moment: when it was removed, UTC in ISO 8601.
        folder: where it lies.
    """

    work_dir: WorkDir
    name: str
    id: str | None
    moment: str
    folder: Path

    @property
    def address(self) -> str:
        """What it was called: `exp/3`."""
        return f"{self.work_dir.address}/{self.name}"

    @property
    def run(self) -> Run:
        """The run, to be read where it lies."""
        return Run(self.folder, address=f"{self.address} in the trash")


def check_trash(work_dir: WorkDir) -> None:
    """Look whether the trash is a folder of the experiment.

    Raises:
        StorageError: it is a file, or a link that may lead elsewhere; or it cannot be looked at.
    """
    path = work_dir.trash_path
    with storage_errors("read", path):
        is_other = path.is_symlink() or (os.path.lexists(path) and not path.is_dir())
    if is_other:
        raise StorageError(f"{path} is not a folder but a link or a file; move it away")


def check_removable(run: Run, *, takeover: bool = False) -> None:
    """Look whether a run may be removed, before the first of several is; takes no lock.

    Raises:
        RunBusyError: a process trains it, or may.
        UsageError: it is a symbolic link.
        StorageError: the trash is no folder.
    """
    check_trash(WorkDir(run.work_dir))
    if run.path.is_symlink():
        raise UsageError(f"{run.address} is a symbolic link, not a run of its own; remove the link")
    read_dead(run, takeover=takeover)


def remove_run(run: Run, *, takeover: bool = False) -> TrashEntry:
    """Move a run to the trash of its experiment, whole, by one rename.

    Args:
        takeover: a process of which nothing is known counts as gone.

    Raises:
        RunBusyError: a process trains it, or may.
        RunNotFoundError: it is not there, or not any more.
        StorageError: the disk refused.
    """
    work_dir = WorkDir(run.work_dir)
    work_dir.address = str(Path(run.address).parent)
    check_removable(run, takeover=takeover)
    with holding(run, takeover=takeover), storage_errors("move", run.path):
        work_dir.trash_path.mkdir(exist_ok=True)
        folder = _move_in(run, work_dir.trash_path)
        fsync_folder(work_dir.trash_path)
        fsync_folder(work_dir.path)
        note = _Note(moment=utc_now(), id=read_id(Run(folder)))
        try:
            write_json(Run(folder).removal_path, msgspec.to_builtins(note))
        except StorageError:  # a full disk is when runs are removed: the folder's time will do
            note = _Note(moment=_changed(folder), id=note.id)
    return TrashEntry(work_dir, run.name, note.id, note.moment, folder)


def _move_in(run: Run, trash: Path) -> Path:
    for count in itertools.count(1):
        target = trash / (run.name if count == 1 else f"{run.name}.~{count}")
        if os.path.lexists(target):
            continue
        try:
            run.path.rename(target)
        except FileNotFoundError as error:
            raise RunNotFoundError(f"{run.address} is not there any more") from error
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            continue
        return target
    raise AssertionError


def read_trash(work_dir: WorkDir) -> list[TrashEntry]:
    """What lies in the trash: numbers upward, then names; of one name the first that came first.

    Raises:
        StorageError: it cannot be read.
    """
    check_trash(work_dir)
    found = []
    with storage_errors("read", work_dir.trash_path):
        try:
            names = os.listdir(work_dir.trash_path)  # noqa: PTH208  names are all that is needed
        except FileNotFoundError:
            return []
    for entry in names:
        match, folder = _ENTRY.fullmatch(entry), work_dir.trash_path / entry
        if match and _is_entry(match["name"], folder):
            found.append((match["name"], int(match["count"] or 1), folder))
    found.sort(key=lambda each: (not is_number(each[0]), _order(each[0]), each[1]))
    return [_read_entry(work_dir, name, folder) for name, _, folder in found]


def _is_entry(name: str, folder: Path) -> bool:
    """Whether it is a removed run; what people put there besides is none, and stays."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return is_number(name) or (is_run_name(name) and Run(folder).exists())


def _order(name: str) -> tuple[int, str]:
    return (int(name) if is_number(name) else 0, name)


def _read_entry(work_dir: WorkDir, name: str, folder: Path) -> TrashEntry:
    run = Run(folder)
    try:
        run.check_inside(run.removal_path)
        note = msgspec.json.decode(read_content(run.removal_path), type=_Note)
    except (OSError, StoredFileError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return TrashEntry(work_dir, name, read_id(run), _changed(folder), folder)
    return TrashEntry(work_dir, name, read_id(run) or note.id, note.moment, folder)


def _changed(folder: Path) -> str:
    """When the folder was last changed or moved."""
    try:
        moment = datetime.fromtimestamp(folder.lstat().st_ctime, UTC)
    except OSError:
        return utc_now()
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def restore_run(entry: TrashEntry, *, name: str | None = None) -> Run:
    """Move a run from the trash back to its number or name, by one rename.

    Args:
        name: another name for it, where its own is taken.

    Raises:
        RunExistsError: there is something under the name.
        RunNameError: `name` is not one that a run may have.
        RunNotFoundError: it is not in the trash any more.
        StorageError: the disk refused.
    """
    check_trash(entry.work_dir)
    to = entry.name if name is None else check_run_name(name)
    run = Run(entry.work_dir.path / to, address=f"{entry.work_dir.address}/{to}")
    if not _is_folder_or_gone(entry.folder):
        raise UsageError(f"{entry.folder} is no run but a link or a file")
    with storage_errors("restore", run.path):
        if os.path.lexists(run.path):
            raise _taken(entry, run)
        try:
            entry.folder.rename(run.path)
        except FileNotFoundError as error:
            raise RunNotFoundError(f"{entry.address} is not in the trash any more") from error
        except OSError as error:
            if error.errno in _TAKEN:
                raise _taken(entry, run) from error
            raise
        fsync_folder(entry.work_dir.path)
        fsync_folder(entry.work_dir.trash_path)
        clear_temporaries(run.removal_path)
        run.removal_path.unlink(missing_ok=True)
    return run


def _taken(entry: TrashEntry, run: Run) -> RunExistsError:
    return RunExistsError(
        f"{run.address} exists; restore {entry.address} under a name, as in --as {_example(entry)}"
    )


def _example(entry: TrashEntry) -> str:
    return f"run-{entry.name}" if is_number(entry.name) else f"{entry.name}-restored"


def _is_folder_or_gone(path: Path) -> bool:
    """One look, as another process may be restoring it; that it is gone is said by the move."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return True
