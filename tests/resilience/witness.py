"""What a reader opened and changed: files outside of an experiment, and files of its runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

_OPENING = frozenset({"open", "os.listdir", "os.scandir"})
_watched: list[tuple[str, list[str]]] = []
_hooked: list[bool] = []


@contextmanager
def opened_below(folder: Path) -> Iterator[list[str]]:
    """The files and folders below this one that this process opens meanwhile, through any link."""
    if not _hooked:  # a hook stays as long as the process; it does nothing where nobody watches
        sys.addaudithook(_note)
        _hooked.append(True)
    opened: list[str] = []
    _watched.append((os.path.realpath(folder), opened))
    try:
        yield opened
    finally:
        _watched.clear()


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched or event not in _OPENING or not isinstance(arguments[0], str | bytes | Path):
        return
    folder, opened = _watched[-1]
    path = os.fsdecode(arguments[0])
    if event == "open" and arguments[2] is not None and int(str(arguments[2])) & os.O_NOFOLLOW:
        path = os.path.dirname(path)  # of a link itself nothing is opened  # noqa: PTH120
    real = os.path.realpath(path)
    if real == folder or real.startswith(folder + os.sep):
        opened.append(f"{event} {arguments[0]!r}")


def facts_of(folder: Path, *, without: frozenset[str] = frozenset()) -> dict[str, object]:
    """Each entry below a folder: kind, mode, size, times and content. Links are not followed.

    Args:
        without: names of folders and files in it that may change.
    """
    found: dict[str, object] = {}
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if here == folder:
            folders[:] = [name for name in folders if name not in without]
        for name in folders + [name for name in files if name not in without]:
            path = here / name
            facts = path.lstat()
            content: object = None
            if path.is_symlink():
                content = path.readlink()
            elif path.is_file():
                content = sha256(path.read_bytes()).hexdigest()
            found[os.path.relpath(path, folder)] = (
                facts.st_mode,
                None if path.is_dir() else (facts.st_size, facts.st_mtime_ns),
                content,
            )
    return found
