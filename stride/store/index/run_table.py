"""The runs of an experiment as a table: a row a run, a column a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stride.errors import StrideError
from stride.store.index.column import MISSING, Column
from stride.store.record import Status
from stride.store.row import UNREADABLE
from stride.store.run import Run

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


class Columns(Mapping[str, Column]):
    """The columns of a table by name; each is made when it is first asked for."""

    def __init__(self, table: RunTable, stored: Mapping[str, Column]) -> None:
        self._table = table
        self._stored = stored
        self._judged: Column | None = None

    def __getitem__(self, name: str) -> Column:
        if name == "run.status":
            self._judged = self._judged or self._table.judge()
            return self._judged
        return self._stored[name]

    def __iter__(self) -> Iterator[str]:
        yield "run.status"
        yield from self._stored

    def __len__(self) -> int:
        return 1 + len(self._stored)


class RunTable:
    """All runs of one experiment.

    Attributes:
        names: of the runs, in the order of a listing: numbers upward, then names.
    """

    def __init__(
        self, work_dir: WorkDir, names: Sequence[str], stored: Mapping[str, Column]
    ) -> None:
        self.work_dir = work_dir
        self.names = names
        self.columns: Mapping[str, Column] = Columns(self, stored)

    def __len__(self) -> int:
        return len(self.names)

    def run(self, row: int) -> Run:
        """The run of a row; looks at no disk."""
        name = self.names[row]
        return Run(self.work_dir.path / name, address=f"{self.work_dir.address}/{name}")

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
        try:
            return self.run(row).status().word
        except (StrideError, FileNotFoundError):
            return UNREADABLE


def coded(cells: Iterable[Any]) -> Column:
    """The column of some texts."""
    codes: list[int] = []
    known: dict[Any, int] = {MISSING: 0}
    for cell in cells:
        codes.append(known.setdefault(cell, len(known)))
    return Column(codes, [*known])
