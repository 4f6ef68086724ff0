"""A query: parsed once, asked of tables of runs whenever there are any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from stride.store.index.run_table import RunTable
from stride.store.query.evaluation import Evaluation
from stride.store.query.parser import parse
from stride.store.query.tree import Condition, names_in
from stride.store.query.truth import YES
from stride.store.query.vocabulary import Vocabulary


@dataclass(frozen=True)
class Query:
    """What is asked of each run. `str` gives it in one spelling, which parses to the same.

    A comparison with a value that a run does not have, or with nan, is neither true nor false,
    and so is its negation; a run is found where the whole is true.
    """

    text: str
    condition: Condition

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query; what its names mean is found when it is asked.

        Raises:
            QueryError: with the place, and a hint.
        """
        return cls(text, parse(text))

    def __str__(self) -> str:
        return str(self.condition)

    @property
    def names(self) -> list[str]:
        """The names in it as they were typed, each once."""
        return [*dict.fromkeys(name.text for name in names_in(self.condition))]

    def rows(
        self, tables: Sequence[RunTable], vocabulary: Vocabulary, now: datetime
    ) -> list[bytes]:
        """For each table a byte a run, YES where the query is true of it.

        Raises:
            QueryError: a name is unknown, or values are compared that never can be.
        """
        return Evaluation(self.text, tables, vocabulary, now).rows(self.condition)


def true_of_all(
    queries: Iterable[Query], tables: Sequence[RunTable], vocabulary: Vocabulary, now: datetime
) -> list[tuple[int, int]]:
    """The places (table and row) of which every query is true, in the order of the tables."""
    answers = [query.rows(tables, vocabulary, now) for query in queries]
    found: list[tuple[int, int]] = []
    for index, table in enumerate(tables):
        rows: Iterable[int] = range(len(table))
        for answer in answers:
            of_table = answer[index]
            rows = [row for row in rows if of_table[row] == YES]
        found.extend((index, row) for row in rows)
    return found
