"""The runs that `list` was asked for by query, order, columns or groups, in each form of answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stride.cli.run_columns import find_columns, split_names
from stride.cli.run_csv import csv_columns, run_lines
from stride.cli.run_groups import CONFIG, Groups
from stride.cli.run_json import run_fields
from stride.cli.selected_runs import draw_columns, draw_selected, fields_of_columns
from stride.cli.terminal import Terminal, standard_output
from stride.store.query.ordering import SortKey, parse_sort
from stride.store.query.query import Query
from stride.store.row import read_present
from stride.store.selection import Selection, select
from stride.store.work_dir import WorkDir


class FoundRuns:
    """What was asked for; each form of answer looks at the experiments anew.

    Args:
        limit: runs, or groups, at most; 0 for all.
        csv: the lines are CSV, and not a table.
    """

    def __init__(
        self,
        experiments: Sequence[WorkDir],
        where: Sequence[str],
        sort: Sequence[str],
        columns: Sequence[str],
        group_by: Sequence[str],
        *,
        limit: int,
        csv: bool = False,
    ) -> None:
        self._experiments = experiments
        self._where = where
        self._sort = sort
        self._columns = split_names(columns)
        self._by = split_names(group_by)
        self._limit = limit or None
        self._csv = csv
        self._remark: str | None = None

    def fields(self) -> Iterator[dict[str, Any]]:
        """The answer in JSON, an element a run or a group."""
        selection = self._select()
        if self._by:
            yield from self._groups(selection).fields()
        elif self._columns:
            columns = find_columns(self._columns, selection.vocabulary)
            yield from fields_of_columns(selection, columns)
        else:
            yield from map(run_fields, read_present(selection.runs()))

    def lines(self) -> Iterator[str]:
        """The lines of the table, or of CSV."""
        selection, terminal = self._select(), standard_output()
        self._remark = None if len(selection) else self._nothing(selection)
        if self._csv:
            yield from self._csv_lines(selection, terminal)
        elif self._by:
            yield from self._group_lines(selection, terminal)
        elif len(selection):
            yield from self._run_lines(selection, terminal)

    def remark(self) -> str | None:
        """What is to say beside the answer."""
        return self._remark

    def _select(self) -> Selection:
        groups = bool(self._by)
        return select(
            self._experiments,
            self._where,
            () if groups else self._sort,
            None if groups else self._limit,
            newest_first=True,
            names=[*self._columns, *self._by, *(key.name for key in self._keys)],
        )

    @property
    def _keys(self) -> tuple[SortKey, ...]:
        return parse_sort(self._sort)

    def _csv_lines(self, selection: Selection, terminal: Terminal) -> Iterator[str]:
        if self._by:
            yield from self._groups(selection).csv(terminal)
        else:
            columns = find_columns(self._columns, selection.vocabulary)
            yield from run_lines(selection, columns or csv_columns(selection), terminal)

    def _run_lines(self, selection: Selection, terminal: Terminal) -> Iterator[str]:
        if self._columns:
            columns = find_columns(self._columns, selection.vocabulary)
            yield from draw_columns(selection, columns, terminal)
        else:
            yield from draw_selected(selection, self._named(selection), terminal)
        if selection.total > len(selection):
            which = "first" if self._sort else "newest"
            yield f"\n{len(selection)} {which} of {selection.total} runs; --limit 0 lists all"

    def _group_lines(self, selection: Selection, terminal: Terminal) -> Iterator[str]:
        groups = self._groups(selection)
        if len(groups):
            yield from groups.draw(terminal)
        if groups.total > len(groups):
            yield f"\n{len(groups)} first of {groups.total} groups; --limit 0 lists all"

    def _groups(self, selection: Selection) -> Groups:
        by = [CONFIG] if CONFIG in self._by else self._by
        return Groups(selection, by, self._columns, self._sort, self._limit)

    def _named(self, selection: Selection) -> list[str]:
        """The columns that order and query are about; `best` is shown anyway."""
        names = [key.name for key in self._keys if not key.name.startswith("best")]
        names += [name for text in self._where for name in Query.parse(text).names]
        return [selection.vocabulary.resolve(name) for name in names]

    def _nothing(self, selection: Selection) -> str:
        looked_at = sum(map(len, selection.tables))
        where = ", ".join(work_dir.address for work_dir in self._experiments[:3])
        where += ", ..." if len(self._experiments) > 3 else ""
        if not looked_at:
            return f"{where} {'has' if len(self._experiments) == 1 else 'have'} no runs yet"
        runs = "the only run" if looked_at == 1 else f"none of the {looked_at} runs"
        verb = "does not fit" if looked_at == 1 else "fits"
        return f"{runs} of {where} {verb}"
