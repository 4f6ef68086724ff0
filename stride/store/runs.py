"""Runs of an experiment: to go through, to count, as a pandas table, as a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stride.store.run import Run

if TYPE_CHECKING:
    import pandas

    from stride.store.selection import Selection
    from stride.store.work_dir import WorkDir


class Runs:
    """Runs of an experiment: what `WorkDir.runs` gives.

    Making the object reads nothing. Each time they are gone through, or counted, the experiment is
    looked at again.

    Args:
        work_dir: of which they are.
        where: a query, or several that all have to be true; without, and without the others, all
            runs of the folder.
        sort: keys of the order.
        limit: at most so many.
    """

    def __init__(
        self,
        work_dir: WorkDir,
        where: str | Sequence[str] | None = None,
        sort: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> None:
        self._work_dir = work_dir
        self._where = where
        self._sort = sort
        self._limit = limit

    def __iter__(self) -> Iterator[Run]:
        if self._where or self._sort or self._limit is not None:
            return self.select().runs()
        return self._work_dir.walk()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Runs of {self._work_dir.address!r}" + (
            f" where {self._where}" if self._where else ""
        )

    def select(self) -> Selection:
        """The runs with what the index knows of each: their values by the names of columns."""
        from stride.store.selection import select  # deferred: going through all needs no index

        return select([self._work_dir], self._where, self._sort, self._limit)

    def frame(self) -> pandas.DataFrame:
        """One row a run, as a pandas table: run, status, config keys, metrics.

        Raises:
            UsageError: pandas is not installed.
        """
        from stride.store.frame import build_frame  # deferred: only this needs pandas

        return build_frame(self.select())

    def _repr_html_(self) -> str:
        from stride.store.html_table import draw_html  # deferred: only notebooks ask

        return draw_html(self.select())
