"""A source of the index: some files of each run, how they are read, and where that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from stride.store.index.cells import Outcome, Reading, read_results, read_tables
from stride.store.index.part import Part
from stride.store.index.run_reader import RUN_FILES, RunReader
from stride.store.index.slab import Filling
from stride.store.index.stamps import StampedFile
from stride.store.run import Run
from stride.store.run_folder import RunFolder


class Reader(Protocol):
    """Reads runs into a slab."""

    def read(self, name: str, sizes: Sequence[int | None]) -> Outcome:
        """Read a run into the next row, which stays empty where the run is gone.

        Args:
            sizes: in bytes, of each of the files; None where there is none.
        """


class PartReader:
    """Reads a file that few queries ask for, run by run."""

    def __init__(self, experiment: Path, filling: Filling, read: Callable[[Run], Reading]) -> None:
        self._experiment = experiment
        self._filling = filling
        self._read = read

    def read(self, name: str, sizes: Sequence[int | None]) -> Outcome:
        """Read a run into the next row; see `Reader`."""
        outcome = Outcome.LASTING
        if any(size is not None for size in sizes):
            reading = self._read(Run(self._experiment / name))
            self._filling.add(reading.cells.items())
            outcome = reading.outcome
        self._filling.rows += 1
        return outcome


@dataclass(frozen=True)
class Source:
    """Files that are read together.

    Attributes:
        name: of the file in the cache.
        files: that are stamped, and read.
        open: gives what reads runs of an experiment into a slab.
    """

    name: str
    files: tuple[StampedFile, ...]
    open: Callable[[Path, Filling], Reader]


_FOLDER = RunFolder("/")


def _inside(path: Path) -> StampedFile:
    return StampedFile(str(path.relative_to(_FOLDER.path)), is_seldom=True)


RUNS: Final = Source("index", RUN_FILES, RunReader)
PARTS: Final[Mapping[Part, Source]] = {
    Part.TABLES: Source(
        "index-tables",
        (_inside(_FOLDER.metrics_path),),
        lambda experiment, filling: PartReader(experiment, filling, read_tables),
    ),
    Part.RESULTS: Source(
        "index-results",
        (_inside(_FOLDER.results_metrics_path),),
        lambda experiment, filling: PartReader(experiment, filling, read_results),
    ),
}
