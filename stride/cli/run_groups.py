"""Groups of runs on the screen, in JSON and as CSV: what they are equal in, n, mean and spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from stride.cli.listing import draw_fitting, has_room
from stride.cli.page import wrapped
from stride.cli.run_columns import draw_column, find_columns, headings_of
from stride.cli.run_csv import csv_lines
from stride.cli.table import Cell, Column
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differing_keys import differing_keys, following_text
from stride.errors import QueryError
from stride.report.groups import (
    Summary,
    config_columns,
    group_runs,
    monitor_columns,
    sort_groups,
)
from stride.store.index.column import MISSING
from stride.store.query.monitors import BEST, RunsMonitor, find_monitor
from stride.store.query.ordering import parse_sort
from stride.store.selection import Selection

CONFIG: Final = "config"
"""Groups by all of the config that can change a result, but the seed."""
FIELDS: Final = {
    "[]": "with --group-by: an array, one group a line",
    "group": "full name of a column to the value that the runs of the group share",
    "runs": "addresses of the runs of the group",
    "n": "how many they are",
    "seeds": "their seeds",
    "missing_seeds": "seeds that other groups have and this one lacks",
    "metrics": "name of a metric to `count` of the runs that have it, `mean`, `spread` (the "
    "sample standard deviation; null of a single run), `min`, `max`; null where none has it",
}
_MOST_SEEDS: Final = 8


class Groups:
    """Groups that were asked for, in order.

    Args:
        by: names and globs, or the word `config`.
        metrics: names and globs of what is summed up; the monitors where there are none.
        sort: keys; without, the best first by the first metric where that is the monitor.
        limit: at most so many.

    Attributes:
        total: how many groups there are, before the limit.

    Raises:
        QueryError: a name is unknown, no metric is there, or the order is of something else.
    """

    def __init__(
        self,
        selection: Selection,
        by: Sequence[str],
        metrics: Sequence[str],
        sort: Sequence[str],
        limit: int | None = None,
    ) -> None:
        self._whole = [*by] == [CONFIG]
        self._selection = selection
        columns = (
            config_columns(selection) if self._whole else find_columns(by, selection.vocabulary)
        )
        self.metrics = find_columns(metrics, selection.vocabulary) or monitor_columns(selection)
        if not self.metrics and len(selection):
            raise QueryError("no run has a best value yet; name what to sum up with --columns")
        groups = group_runs(selection, columns, self.metrics)
        self.total = len(groups)
        self.groups = sort_groups(groups, self._order(columns, sort))[:limit]
        leaves = [
            {key: value for key, value in group.values.items() if value is not MISSING}
            for group in groups
        ]
        self._differing = differing_keys(leaves, self._chosen())
        self.columns = [*self._differing.telling] if self._whole else columns

    def __len__(self) -> int:
        return len(self.groups)

    def fields(self) -> Iterator[dict[str, Any]]:
        """A mapping a group; see `FIELDS`."""
        for group in self.groups:
            values = {column: group.values[column] for column in self.columns}
            yield {
                "group": {key: value for key, value in values.items() if value is not MISSING},
                "runs": [run.address for run in group.runs],
                "n": len(group.runs),
                "seeds": group.seeds,
                "missing_seeds": group.missing_seeds,
                "metrics": {
                    column.removeprefix("metric."): _summary_fields(summary)
                    for column, summary in group.summaries.items()
                },
            }

    def csv(self, terminal: Terminal) -> Iterator[str]:
        """A line a group."""
        heading = [*self.columns, "n", "seeds", "missing_seeds"]
        for column in self.metrics:
            heading += [f"{column} {word}" for word in ("count", "mean", "spread", "min", "max")]
        rows = [
            [
                *(group.values[column] for column in self.columns),
                len(group.runs),
                group.seeds,
                group.missing_seeds,
                *(number for each in group.summaries.values() for number in _numbers(each)),
            ]
            for group in self.groups
        ]
        yield from csv_lines(heading, rows, terminal)

    def draw(self, terminal: Terminal) -> Iterator[str]:
        """The lines of a table; what has no room is named below, the extremes first."""
        narrow = terminal.width is not None
        keys = {
            heading: draw_column(
                column, heading, [group.values[column] for group in self.groups], narrow=narrow
            )
            for column, heading in headings_of(self.columns).items()
        }
        fixed = [*self._fixed(extremes=True)]
        notes = [*self._notes()]
        if not has_room([*fixed, *keys.values()], terminal):
            fixed = [*self._fixed(extremes=False)]
            notes.append("no room for: min, max")
        yield from draw_fitting(fixed, keys, terminal, behind=True)
        if notes:
            yield ""
            yield from (part for line in notes for part in wrapped(line, terminal, hanging=2))

    def _fixed(self, *, extremes: bool) -> Iterator[tuple[Column, list[Cell]]]:
        """How many runs, what is known of each metric, and the seeds that are missing."""
        sizes = [len(group.runs) for group in self.groups]
        yield Column("n", right=True), [Cell(str(size)) for size in sizes]
        for column, heading in headings_of(self.metrics).items():
            found = [group.summaries[column] for group in self.groups]
            yield from _metric_columns(heading, found, sizes, extremes=extremes)
        if any(group.missing_seeds for group in self.groups):
            cells = [_seed_cell(group.missing_seeds) for group in self.groups]
            yield Column("missing seeds"), cells

    def _notes(self) -> Iterator[str]:
        following = harmless(following_text(self._differing)) if self._whole else ""
        if following:
            yield f"also differ: {following}"
        if len(self.groups) == 1 and self._whole:
            yield "the runs differ in nothing but the seed and what cannot change a result"

    def _chosen(self) -> set[str]:
        found = self._selection.values("run.chosen")
        return {f"config.{key}" for keys in found if keys is not MISSING for key in keys}

    def _order(self, columns: Sequence[str], sort: Sequence[str]) -> list[tuple[str, bool]]:
        order = []
        for key in parse_sort(sort):
            if key.name == BEST:
                monitor = self._monitor()
                column = f"metric.{monitor.name}"
                descending = key.descending == (monitor.mode == "min")
            else:
                column = (
                    key.name if key.name == "n" else self._selection.vocabulary.resolve(key.name)
                )
                descending = key.descending
            if column not in (*columns, *self.metrics, "n"):
                raise QueryError(
                    f"groups are not sorted by {key.name}; they have n, what they are grouped by, "
                    "and the metrics that --columns names"
                )
            order.append((column, descending))
        return order or self._best_first()

    def _monitor(self) -> RunsMonitor:
        return find_monitor(BEST, self._selection.tables, places=self._selection.places)

    def _best_first(self) -> list[tuple[str, bool]]:
        try:
            monitor = self._monitor()
        except QueryError:
            return []
        column = f"metric.{monitor.name}"
        return [(column, monitor.mode == "max")] if self.metrics[:1] == [column] else []


def _summary_fields(summary: Summary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    words = ("count", "mean", "spread", "min", "max")
    return {
        word: None if number is MISSING else number
        for word, number in zip(words, _numbers(summary), strict=True)
    }


def _numbers(summary: Summary | None) -> tuple[Any, ...]:
    if summary is None:
        return (0, MISSING, MISSING, MISSING, MISSING)
    spread = MISSING if summary.spread is None else summary.spread
    return (summary.count, summary.mean, spread, summary.least, summary.greatest)


def _metric_columns(
    heading: str, found: Sequence[Summary | None], sizes: Sequence[int], *, extremes: bool
) -> Iterator[tuple[Column, list[Cell]]]:
    """Mean, spread and extremes; and of how many runs, where a group has some without a value."""
    counts = [each.count if each else 0 for each in found]
    if counts != [*sizes]:
        yield Column("values", right=True), [Cell(str(count)) for count in counts]
    numbers = [_numbers(each)[1:] for each in found]
    for index, word in enumerate((heading, "spread", "min", "max")[: 4 if extremes else 2]):
        yield Column(word, right=True), [_number_cell(each[index]) for each in numbers]


def _number_cell(number: Any) -> Cell:
    return Cell(NOTHING, "dim") if number is MISSING else Cell(metric_text(float(number)))


def _seed_cell(seeds: Sequence[Any]) -> Cell:
    if not seeds:
        return Cell(NOTHING, "dim")
    text = ", ".join(map(value_text, seeds[:_MOST_SEEDS]))
    more = len(seeds) - _MOST_SEEDS
    return Cell(f"{text} and {more} more" if more > 0 else text, "yellow")
