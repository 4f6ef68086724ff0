"""Stamps: what tells, without reading it, whether a file is still the one that was read.

A stamp is the change time, the inode and the size. The change time cannot be set: a copy that
keeps modification times and a replaced folder are told by it, and by the inode.
"""

from __future__ import annotations

import operator
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

NUMBERS = 3
"""How many numbers a stamp is."""
_FRESH = 2_000_000_000
"""Nanoseconds. There are file systems that count whole seconds, or two: a file that changed within
them may change once more and keep its change time."""
_NOTHING = (0, 0, 0)
_WORD = (1 << 64) - 1

_facts = operator.attrgetter("st_ctime_ns", "st_ino", "st_size")


@dataclass(frozen=True, slots=True)
class StampedFile:
    """A file of each run, by its path inside the run's folder.

    Attributes:
        is_seldom: whether most runs do not have it; asking that is cheaper than a failed look.
    """

    path: str
    is_seldom: bool = False


def read_stamps(experiment: str, runs: Sequence[str], file: StampedFile) -> array[int]:
    """The stamp of one file of each run, three numbers each; zeros where there is no such file.

    A symbolic link is stamped itself, not what it leads to.

    Args:
        experiment: the path of its folder.
    """
    look = _stamps_where_there_are if file.is_seldom else _stamps
    try:
        return array("Q", chain.from_iterable(look(experiment, runs, file.path)))
    except OverflowError:  # a change time before 1970
        numbers = chain.from_iterable(look(experiment, runs, file.path))
        return array("Q", (number & _WORD for number in numbers))


def _stamps(experiment: str, runs: Sequence[str], path: str) -> Iterator[tuple[int, int, int]]:
    lstat, facts = os.lstat, _facts
    for run in runs:
        try:
            yield facts(lstat(f"{experiment}/{run}/{path}"))
        except OSError:
            yield _NOTHING


def _stamps_where_there_are(
    experiment: str, runs: Sequence[str], path: str
) -> Iterator[tuple[int, int, int]]:
    lstat, facts, access = os.lstat, _facts, os.access
    for run in runs:
        whole = f"{experiment}/{run}/{path}"
        if not access(whole, os.F_OK):
            yield _NOTHING
            continue
        try:
            yield facts(lstat(whole))
        except OSError:
            yield _NOTHING


def size_of(stamps: array[int], row: int) -> int | None:
    """The bytes of the file of a run, None where there is none. An inode is never 0."""
    return stamps[NUMBERS * row + 2] if stamps[NUMBERS * row + 1] else None


def is_settled(stamps: Sequence[array[int]], row: int, moment: int) -> bool:
    """Whether what is read of a run from now on stays true for as long as its stamps do.

    Args:
        stamps: of each of its files.
        moment: nanoseconds, by the clock of the file system, before the files are read. A change
            time after it is one of a clock that was turned back since, and no evidence.
    """
    return all(of_file[NUMBERS * row] <= moment - _FRESH for of_file in stamps)
