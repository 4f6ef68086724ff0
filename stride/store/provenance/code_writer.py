"""Writing code into a fresh folder: never outside of it, whatever the names of files say."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stride.errors import StoredFileError, UsageError
from stride.files import storage_errors
from stride.store.provenance.head import Entry

FILE: Final = "100644"
PROGRAM: Final = "100755"
LINK: Final = "120000"

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_LED_AWAY = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})


class CodeWriter:
    """Writes files into a folder that is held open: each step of a path is taken from there, and no
    symbolic link is followed.

    Args:
        target: the folder, resolved; it is empty.
    """

    def __init__(self, target: Path) -> None:
        if os.open not in os.supports_dir_fd:
            raise UsageError("code cannot be restored on this system; copy it by hand")
        self._target = target
        self._descriptor = os.open(target, _FOLDER)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._descriptor)

    def write(self, path: str, mode: str, content: bytes) -> None:
        """Write a file, or a symbolic link whose target is the content.

        Args:
            path: within the folder, with `/`.

        Raises:
            StoredFileError: the path leads elsewhere, or two files have the same name here.
            StorageError: the disk refused.
        """
        *folders, name = _parts(path)
        with storage_errors("write", self._target / path):
            try:
                with self._folder(folders) as folder:
                    if mode == LINK:
                        os.symlink(content, os.fsencode(name), dir_fd=folder)
                    else:
                        self._write_file(name, content, 0o777 if mode == PROGRAM else 0o666, folder)
            except FileExistsError as error:
                raise StoredFileError(
                    f"{path} stands twice in the code, as far as this file system tells names apart"
                ) from error
            except OSError as error:
                if error.errno in _LED_AWAY:
                    raise _leads_away(path) from error
                raise

    @staticmethod
    def _write_file(name: str, content: bytes, permissions: int, folder: int) -> None:
        descriptor = os.open(name, _NEW, permissions, dir_fd=folder)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor
            stream.write(content)

    @contextlib.contextmanager
    def _folder(self, parts: list[str]) -> Iterator[int]:
        """The folder of these names, made where it is not there; a descriptor of it."""
        descriptor = os.dup(self._descriptor)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
                inner = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def fresh_folder(target: Path) -> Iterator[CodeWriter]:
    """An empty folder to write code into, made where it is not there; after an error it is again as
    it was before.

    Raises:
        UsageError: it has content, or is no folder; nothing is changed.
        StorageError: the disk refused.
    """
    existed = target.is_dir()
    if existed and any(target.iterdir()):
        raise UsageError(f"{target} has content: name a folder that is new or empty")
    if not existed and os.path.lexists(target):
        raise UsageError(f"{target} is no folder: name one that is new or empty")
    with storage_errors("make", target):
        try:
            target.mkdir(exist_ok=True)
        except FileNotFoundError as error:
            raise UsageError(f"there is no folder {target.parent} to make {target} in") from error
        resolved = target.resolve()
        writer = CodeWriter(resolved)
    try:
        yield writer
    except BaseException:
        for entry in resolved.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    entry.unlink()
        if not existed:
            with contextlib.suppress(OSError):
                resolved.rmdir()
        raise
    finally:
        writer.close()


def read_written(top: Path, algorithm: str) -> Iterator[Entry]:
    """Every file below a folder as git would name it: what is there, not what should be."""
    for folder, folders, names in os.walk(top):
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*names, *linked):
            path = Path(folder, name)
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                mode, content = LINK, os.fsencode(path.readlink())
            else:
                mode = PROGRAM if status.st_mode & stat.S_IXUSR else FILE
                content = path.read_bytes()
            yield Entry(mode, _object_name(algorithm, content), path.relative_to(top).as_posix())


def _object_name(algorithm: str, content: bytes) -> str:
    hasher = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    hasher.update(content)
    return hasher.hexdigest()


def _parts(path: str) -> list[str]:
    """The names on the way; each has to be one.

    Raises:
        StoredFileError: the path leads elsewhere, or into a repository.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts):
        raise _leads_away(path)
    return parts


def _leads_away(path: str) -> StoredFileError:
    return StoredFileError(f"{path!r} leads out of the folder that the code is restored to")


def leads_out(path: str, link: str) -> bool:
    """Whether a symbolic link at a path of the code leads out of it."""
    place = os.path.normpath(os.path.join(os.path.dirname(path), link))  # noqa: PTH118, PTH120
    return os.path.isabs(link) or place == ".." or place.startswith("../")  # noqa: PTH117
