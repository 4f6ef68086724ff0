"""What taking files away gives back to the disk: a file counts once its last name goes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Freed:
    """Bytes of the files whose last name goes; and of those that keep another name elsewhere."""

    bytes: int = 0
    shared: int = 0
    files: int = 0

    def __add__(self, other: Freed) -> Freed:
        """Both, where they share no file."""
        return Freed(self.bytes + other.bytes, self.shared + other.shared, self.files + other.files)


def measure_freed(paths: Iterable[Path]) -> Freed:
    """What removing these files and folders, all of them, would free.

    A file with several names (hard links) is freed only if all its names go. Symbolic links are
    not followed. What cannot be looked at counts nothing.
    """
    freed = files = 0
    linked: dict[tuple[int, int], tuple[int, int, int]] = {}
    for facts in _facts_of(paths):
        files += 1
        if facts.st_nlink == 1:
            freed += facts.st_size
        elif stat.S_ISREG(facts.st_mode):
            key = (facts.st_dev, facts.st_ino)
            names = linked[key][0] if key in linked else 0
            linked[key] = (names + 1, facts.st_nlink, facts.st_size)
    freed += sum(size for names, links, size in linked.values() if names >= links)
    shared = sum(size for names, links, size in linked.values() if names < links)
    return Freed(freed, shared, files)


def _facts_of(paths: Iterable[Path]) -> Iterable[os.stat_result]:
    """Of everything that is no folder, at these paths and below them."""
    waiting = [os.fspath(path) for path in paths]
    while waiting:
        path = waiting.pop()
        try:
            facts = os.lstat(path)
            if not stat.S_ISDIR(facts.st_mode):
                yield facts
                continue
            with os.scandir(path) as entries:
                waiting.extend(entry.path for entry in entries)
        except OSError:
            continue
