"""The runs of an experiment as a table: a row a run, a column a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stride.errors import StrideError
from stride.store.entries import is_run
from stride.store.index.cells import HERE
from stride.store.index.column import MISSING, Column
from stride.store.index.slab import Selection
from stride.store.names import is_number
from stride.store.record import Status
from stride.store.row import UNREADABLE
from stride.store.run import Run

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


_TUPLES = frozenset({"run.tags", "run.parents", "run.chosen", "run.fingerprints", "run.code"})


class Columns(Mapping[str, Column]):
    """The columns of a table by name; each is decoded when it is first asked for."""

    def __init__(self, table: RunTable, selections: Sequence[Selection]) -> None:
        self._table = table
        self._selections = selections
        self._made: dict[str, Callable[[], Column]] = {
            "run.name": table.name_column,
            "run.number": table.number_column,
            "run.status": table.judge,
        }
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._known:
            if name in self._made:
                self._known[name] = self._made[name]()
            else:
                self._known[name] = self._decode(name)
        return self._known[name]

    def _decode(self, name: str) -> Column:
        column = self._names[name].column(name).decode(tuples=name in _TUPLES)
        if name != "run.problem":
            return column
        place = str(self._table.work_dir.path)
        texts = [text.replace(HERE, place) for text in column.values[1:]]
        return Column(column.codes, [MISSING, *texts])

    @cached_property
    def _names(self) -> dict[str, Selection]:
        return {name: each for each in self._selections for name in each.names()}

    def __iter__(self) -> Iterator[str]:
        yield from self._made
        yield from self._names

    def __len__(self) -> int:
        return len(self._made) + len(self._names)


class RunTable:
    """All runs of one experiment.

    Attributes:
        names: of the runs, in the order of a listing: numbers upward, then names.
        columns: by name.
    """

    def __init__(
        self, work_dir: WorkDir, names: Sequence[str], selections: Sequence[Selection]
    ) -> None:
        self.work_dir = work_dir
        self.names = names
        self.columns: Mapping[str, Column] = Columns(self, selections)

    def __len__(self) -> int:
        return len(self.names)

    def run(self, row: int) -> Run:
        """The run of a row; looks at no disk."""
        name = self.names[row]
        return Run(self.work_dir.path / name, address=f"{self.work_dir.address}/{name}")

    def name_column(self) -> Column:
        """The names as a column."""
        return Column(range(1, len(self) + 1), [MISSING, *self.names])

    def number_column(self) -> Column:
        """The numbers; a named run has none. Numbers come first in a listing."""
        numbers = [int(name) for name in self.names if is_number(name)]
        codes = [*range(1, len(numbers) + 1), *[0] * (len(self) - len(numbers))]
        return Column(codes, [MISSING, *numbers])

    def judge(self) -> Column:
        """The column of what is true now: a run that is stored as `running` is looked at."""
        none = Column([0] * len(self), [MISSING])
        stored, problems = (
            self.columns.get(name, none) for name in ("run.stored_status", "run.problem")
        )
        words = []
        for row in range(len(self)):
            word = stored.value(row)
            if problems.codes[row] or word is MISSING:
                word = UNREADABLE
            elif word == Status.RUNNING:
                word = self._look(row)
            words.append(word)
        return coded(words)

    def _look(self, row: int) -> str:
        """What is true of a run that was stored as running when its row was read.

        One that has ended or was removed since then was running: its row is of that moment, and a
        word of a later one would make it half of each.
        """
        run = self.run(row)
        try:
            record = run.read_record()
            return run.status(record).word if record.status is Status.RUNNING else Status.RUNNING
        except (StrideError, FileNotFoundError):
            return UNREADABLE if is_run(run) else Status.RUNNING


def coded(cells: Iterable[Any]) -> Column:
    """The column of some texts."""
    codes: list[int] = []
    known: dict[Any, int] = {MISSING: 0}
    for cell in cells:
        codes.append(known.setdefault(cell, len(known)))
    return Column(codes, [*known])
