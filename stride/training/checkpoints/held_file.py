"""A file that is held: its content stays within reach, also when another one takes its name."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from stride.errors import StorageError
from stride.files import storage_errors, temporary_for


class HeldFile:
    """A file as it is at this moment, to be given a second name later.

    Opening it is all that is done at once: a link is a write, and may wait for the disk.

    Raises:
        StorageError: it is not there, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with storage_errors("read", path):
            try:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise StorageError(f"cannot read {path}: it is not there") from error

    def appear_at(self, target: Path) -> None:
        """Link it as `target`; where its name is another file's by now, or the file system knows no
        links, copy its content, durably.

        Raises:
            StorageError: the disk refused.
        """
        with storage_errors("write", target):
            target.unlink(missing_ok=True)
            try:
                target.hardlink_to(self._path)
            except OSError:
                self._copy_to(target)
                return
            if not os.path.samestat(target.stat(), os.fstat(self._descriptor)):
                target.unlink()
                self._copy_to(target)

    def replace(self, target: Path) -> None:
        """Give it the name `target`, in place of the file that has it: readers see one of the two.

        Raises:
            StorageError: the disk refused; the file that was there stays.
        """
        temporary = temporary_for(target)
        with storage_errors("write", target):
            try:
                self.appear_at(temporary)
                temporary.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink()
                raise

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def _copy_to(self, target: Path) -> None:
        with (
            os.fdopen(os.dup(self._descriptor), "rb") as source,
            target.open("xb") as copy,
        ):
            source.seek(0)
            shutil.copyfileobj(source, copy, 2**20)
            copy.flush()
            os.fsync(copy.fileno())
