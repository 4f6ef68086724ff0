"""The order of runs: sort keys as they are typed, and the ranks of values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.errors import QueryError
from stride.store.index.column import MISSING
from stride.store.index.run_table import RunTable
from stride.store.query.monitors import BEST, find_monitor
from stride.store.query.truth import kind_of
from stride.store.query.vocabulary import Vocabulary

_DIRECTIONS: Final = {"asc": False, "desc": True}
_KINDS: Final = {"a number": 0, "a text": 1, "a boolean": 2, "a list": 3}


@dataclass(frozen=True)
class SortKey:
    """A name as it was typed, and whether the greatest come first.

    `best` and `best:<monitor>` go from the best to the worst, whichever direction that is, and
    from the lower number to the higher where that is equal.
    """

    name: str
    descending: bool = False


def parse_sort(texts: Iterable[str]) -> tuple[SortKey, ...]:
    """Sort keys: `val_loss`, `-val_loss` or `val_loss:desc`, several with commas between them.

    Raises:
        QueryError: a key is empty.
    """
    keys = []
    for text in (part.strip() for typed in texts for part in typed.split(",")):
        name, colon, direction = text.rpartition(":")
        if not colon or direction not in _DIRECTIONS:
            name, direction = text, "asc"
        descending = _DIRECTIONS[direction]
        if name.startswith("-"):
            name, descending = name[1:], not descending
        name = name.removeprefix("`").removesuffix("`")
        if not name:
            raise QueryError("a sort key is empty; give names as in val_loss,-created")
        keys.append(SortKey(name, descending))
    return tuple(keys)


@dataclass(frozen=True)
class Order:
    """Sort keys whose columns are known."""

    columns: tuple[tuple[str, bool], ...]

    def sort(
        self, places: list[tuple[int, int]], tables: Sequence[RunTable]
    ) -> list[tuple[int, int]]:
        """Places (table and row) in order; those that are equal stay as they stand.

        What has no value to compare, nan and null included, comes last in either direction.
        """
        for name, descending in reversed(self.columns):
            columns = [table.columns.get(name) for table in tables]
            cells = [
                (table, 0 if (column := columns[table]) is None else column.codes[row])
                for table, row in places
            ]
            used = [*dict.fromkeys(cells)]
            values = [
                column.values[code] if code and (column := columns[table]) else MISSING
                for table, code in used
            ]
            of_cells = dict(zip(used, ranks_of(values, descending), strict=True))
            ranks = [of_cells[cell] for cell in cells]
            places = [places[at] for at in sorted(range(len(places)), key=ranks.__getitem__)]
        return places


def read_order(
    keys: Sequence[SortKey],
    tables: Sequence[RunTable],
    vocabulary: Vocabulary,
    places: Sequence[tuple[int, int]] | None = None,
) -> Order:
    """Find the columns of sort keys.

    Args:
        places: of the runs that are to be sorted; `best` is by the monitor that they share.

    Raises:
        QueryError: a name is unknown, or `best` is not clear.
    """
    found = []
    ties: list[tuple[str, bool]] = []
    for key in keys:
        if key.name == BEST and places is not None and not places:
            continue  # no run has a monitor, and none needs one
        if key.name == BEST or key.name.startswith(f"{BEST}:"):
            monitor = find_monitor(key.name, tables, places=places)
            found.append((monitor.column, key.descending == (monitor.mode == "min")))
            ties = [("run.number", key.descending)]  # as `exp/best` has it: the lower number
        else:
            found.append((vocabulary.resolve(key.name), key.descending))
    return Order((*found, *ties))


def ranks_of(values: Sequence[Any], descending: bool = False) -> list[int]:
    """The rank of each value among all; equal ones have the same.

    What has no order, missing, nan and null, comes last in either direction.
    """
    sortable = [(key, at) for at, value in enumerate(values) if (key := _key(value)) is not None]
    sortable.sort(key=_first, reverse=descending)
    ranks = [len(values)] * len(values)
    rank, before = -1, None
    for key, at in sortable:
        if key != before:
            rank, before = rank + 1, key
        ranks[at] = rank
    return ranks


def _first(pair: tuple[Any, int]) -> Any:
    return pair[0]


def _key(value: Any) -> tuple[Any, ...] | None:
    """Numbers go before texts, those before booleans and lists; None for what has no order."""
    kind = _KINDS.get(kind_of(value))
    if kind is None or value != value:
        return None
    if kind == 3:
        return kind, tuple(_key(item) or (9, repr(item)) for item in value)
    return kind, value
