"""The runs that are there, and the stamps of their files."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stride.store.index.run_names import read_run_names
from stride.store.index.stamps import NUMBERS, StampedFile, read_stamps


@dataclass(frozen=True, slots=True)
class Present:
    """Runs in the order of a listing.

    Attributes:
        stamps: of each of some files of the runs; see `read_stamps`.
    """

    names: list[str]
    stamps: list[array[int]]

    def only(self, rows: Sequence[int]) -> Present:
        """The runs of some rows."""
        if len(rows) == len(self.names):
            return self
        numbers = [NUMBERS * row + number for row in rows for number in range(NUMBERS)]
        return Present(
            [self.names[row] for row in rows],
            [array("Q", map(of_file.__getitem__, numbers)) for of_file in self.stamps],
        )


def look_at(experiment: Path, names: list[str], files: Sequence[StampedFile]) -> Present:
    """The stamps that files of some runs have now."""
    return Present(names, [read_stamps(str(experiment), names, file) for file in files])


def look(experiment: Path, files: Sequence[StampedFile]) -> Present:
    """The runs of an experiment, and the stamps that their files have now.

    Args:
        files: an entry that has neither of the first two is no run.

    Raises:
        StorageError: the folder cannot be read.
    """
    entries = look_at(experiment, read_run_names(experiment), files)
    first, second = (stamps[1::NUMBERS] for stamps in entries.stamps[:2])  # an inode is never 0
    if all(first):
        return entries
    return entries.only([row for row in range(len(first)) if first[row] or second[row]])
