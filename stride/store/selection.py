"""The runs of one or more experiments that a query is true of, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stride.store.index.column import MISSING
from stride.store.index.part import Part
from stride.store.index.read import read_index
from stride.store.index.run_table import RunTable
from stride.store.query.ordering import parse_sort, read_order
from stride.store.query.query import Query, true_of_all
from stride.store.query.vocabulary import Vocabulary, parts_for
from stride.store.run import Run

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


@dataclass(frozen=True)
class Selection:
    """Runs, as places in tables: the number of the table and the row.

    Attributes:
        total: how many the query is true of, before the limit.
    """

    tables: Sequence[RunTable]
    vocabulary: Vocabulary
    places: Sequence[tuple[int, int]]
    total: int

    def __len__(self) -> int:
        return len(self.places)

    def runs(self) -> Iterator[Run]:
        """The runs; none of their files is read."""
        return (self.run(place) for place in self.places)

    def run(self, place: tuple[int, int]) -> Run:
        """The run of a place."""
        return self.tables[place[0]].run(place[1])

    def value(self, place: tuple[int, int], column: str) -> Any:
        """What the run of a place has in a column, or MISSING."""
        found = self.tables[place[0]].columns.get(column)
        return MISSING if found is None else found.value(place[1])

    def values(self, column: str) -> list[Any]:
        """What the runs have in a column, in their order."""
        columns = [table.columns.get(column) for table in self.tables]
        return [
            MISSING if (found := columns[table]) is None else found.value(row)
            for table, row in self.places
        ]


def select(
    work_dirs: Iterable[WorkDir],
    where: str | Sequence[str] | None = None,
    sort: str | Sequence[str] = (),
    limit: int | None = None,
    *,
    newest_first: bool = False,
    names: Iterable[str] = (),
    now: datetime | None = None,
) -> Selection:
    """Find runs; of their files only those are read that the index does not know.

    Args:
        where: a query, or several that all have to be true.
        sort: keys as in `val_loss`, `-created`, `best`; the first decides.
        limit: at most so many; None for all.
        newest_first: what is equal by all keys comes in the order of creation, the newest first;
            else as in a listing of the folder, numbers upward and then names.
        names: of columns that are wanted besides, so that what they come from is read.
        now: what `2 days ago` is counted from; this moment, unless given.

    Raises:
        QueryError: the query or a sort key cannot be read, or names what no run has.
        RunNotFoundError, NotAnExperimentError, StoredFileError, StorageError: of an experiment.
    """
    texts = [where] if isinstance(where, str) else (where or ())
    queries = [Query.parse(text) for text in texts]
    keys = parse_sort([sort] if isinstance(sort, str) else sort)
    wanted = [name for query in queries for name in query.names]
    wanted += [key.name for key in keys]
    tables = read_tables(work_dirs, parts_for([*wanted, *names]))
    vocabulary = Vocabulary(tables)
    moment = now or datetime.now(UTC).astimezone()
    places = true_of_all(queries, tables, vocabulary, moment)
    if newest_first:
        places = newest(places, tables)
    places = read_order(keys, tables, vocabulary, places).sort(places, tables)
    return Selection(tables, vocabulary, places[:limit], len(places))


def read_tables(work_dirs: Iterable[WorkDir], parts: Iterable[Part] = ()) -> list[RunTable]:
    """The index of each experiment, those that are given twice once."""
    wanted = frozenset(parts)
    return [read_index(work_dir, wanted) for work_dir in dict.fromkeys(work_dirs)]


def newest(places: Sequence[tuple[int, int]], tables: Sequence[RunTable]) -> list[tuple[int, int]]:
    """Places in the order of creation, the newest first.

    In one experiment numbers tell it; a named run, or one of another experiment, is placed by the
    moment of its creation.
    """
    if len(tables) == 1 and not any(not name.isdecimal() for name in tables[0].names):
        return [*reversed(places)]
    moments = [table.columns.get("run.created") for table in tables]
    numbers = [table.columns.get("run.number") for table in tables]

    def made(place: tuple[int, int]) -> tuple[str, int]:
        table, row = place
        created = MISSING if (found := moments[table]) is None else found.value(row)
        number = MISSING if (found := numbers[table]) is None else found.value(row)
        return (
            created if isinstance(created, str) else "",
            number if isinstance(number, int) else -1,
        )

    return sorted(places, key=made, reverse=True)
