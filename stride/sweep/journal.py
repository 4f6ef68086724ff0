"""The journal of a study: Optuna's, with its own file lock; and the turn of those who take trials.

Optuna's lock guards one line of the journal. To choose a point, claim its run and note both, a
worker takes the *turn*: a lock that the operating system lets go of when its process ends in
whatever way. So whoever has the turn knows that nobody is in the middle of that, and can mend what
a killed worker left.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.errors import NotAnExperimentError, StorageError, StoredFileError, UsageError
from stride.files import storage_errors
from stride.sweep.definition import Definition
from stride.sweep.folder import SweepFolder
from stride.sweep.pruners import build_pruner
from stride.sweep.quiet import quietly
from stride.sweep.samplers import build_sampler

if TYPE_CHECKING:
    from optuna.study import Study

_MISSING = "sweeps need optuna: pip install 'stride-experiments[sweep]'"


def check_optuna() -> None:
    """Whether Optuna is installed; its notes are silenced.

    Raises:
        UsageError: it is not.
    """
    try:
        import optuna
    except ImportError as error:
        raise UsageError(_MISSING) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_study(folder: SweepFolder, definition: Definition) -> Study:
    """The study of a sweep; it is made where there is none.

    Raises:
        UsageError: Optuna is not installed.
        StoredFileError: a line of the journal cannot be read.
        StorageError: the disk refused.
    """
    check_optuna()
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalStorage

    class WholeLines(JournalFileOpenLock):
        """Optuna's lock; whoever gets it cuts off the torn line that a full disk left."""

        def acquire(self) -> bool:
            got = super().acquire()
            _cut_torn_line(folder.journal_path)
            return got

    path = str(folder.journal_path)
    with _readable(folder.journal_path):
        storage = JournalStorage(JournalFileBackend(path, lock_obj=WholeLines(path)))
        parts: dict[str, Any] = {
            "study_name": definition.name,
            "storage": storage,
            "sampler": build_sampler(definition, 0),
            "pruner": build_pruner(definition),
        }
        with contextlib.suppress(KeyError):
            return optuna.load_study(**parts)  # to make it again would add a line to the journal
        return optuna.create_study(
            **parts,
            direction="maximize" if definition.direction == "max" else "minimize",
            load_if_exists=True,
        )


def read_study(folder: SweepFolder, definition: Definition) -> Study | None:
    """The study of a sweep, only to be read: nothing is written. None before its first worker.

    Raises:
        UsageError: Optuna is not installed.
        StoredFileError: a line of the journal cannot be read.
    """
    check_optuna()
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    if not folder.journal_path.is_file():
        return None
    with _readable(folder.journal_path):
        storage = JournalStorage(JournalFileBackend(str(folder.journal_path)))
        try:
            return optuna.load_study(study_name=definition.name, storage=storage)
        except KeyError:
            return None


@contextlib.contextmanager
def turn(folder: SweepFolder) -> Iterator[None]:
    """Have the turn inside: wait until no other worker has it.

    Raises:
        StorageError: the lock cannot be made; or a line of the journal cannot be read.
    """
    import filelock  # deferred: slow to import

    lock = filelock.FileLock(folder.turn_path)
    with storage_errors("write", folder.turn_path):
        try:
            lock.acquire()
        except NotImplementedError as error:
            raise StorageError(
                f"the file system of {folder.path} has no locks, which workers of a sweep need"
            ) from error
    try:
        with _readable(folder.journal_path), quietly():
            yield
    finally:
        lock.release()


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    import json

    try:
        with storage_errors("write", path):
            yield
    except json.JSONDecodeError as error:
        raise StoredFileError(f"{path} has a line that is not JSON: {error}") from error
    except ValueError as error:
        if str(error) == "Invalid log format.":
            raise StoredFileError(f"{path} has a line that is cut off") from error
        raise


def _cut_torn_line(path: Path) -> None:
    """Cut a last line without its end: it was never said that it is there."""
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        kept = size
        while kept:
            start = max(0, kept - 4096)
            file.seek(start)
            block = file.read(kept - start)
            found = block.rfind(b"\n")
            kept = start if found < 0 else start + found + 1
            if found >= 0:
                break
        if kept < size:
            file.truncate(kept)


def check_folder(folder: SweepFolder) -> None:
    """Whether the folder of the sweep lies in its experiment: no link leads out of it.

    Raises:
        NotAnExperimentError: one does.
    """
    for path in (folder.path.parent, folder.path, folder.journal_path, folder.turn_path):
        if path.is_symlink():
            raise NotAnExperimentError(f"{path} is a symbolic link, which no sweep follows")
