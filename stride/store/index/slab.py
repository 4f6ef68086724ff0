"""A slab: some rows of the index with their stored columns, and slabs put together."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stride.store.index.stored_column import StoredColumn, encode_value, store_column

CHUNK = 1 << 12
"""Rows of a slab that is filled; what is known of them while they are read is then forgotten."""

Pairs = list[tuple["array[int]", int]]


@dataclass(frozen=True, slots=True)
class Slab:
    """Some rows. A column that none of them has is not there."""

    rows: int
    columns: Mapping[str, StoredColumn]


class Filling:
    """A slab that is being filled, at most `CHUNK` rows."""

    def __init__(self) -> None:
        self.rows = 0
        self._codes: dict[str, array[int]] = {}
        self._known: dict[str, dict[bytes, int]] = {}

    def add(self, cells: Iterable[tuple[str, Any]]) -> None:
        """Set cells of the row that is filled."""
        row = self.rows
        for codes, code in self.code(cells):
            codes[row] = code

    def code(self, cells: Iterable[tuple[str, Any]]) -> Pairs:
        """The codes of some cells, each with the column to put it into, for any number of rows."""
        pairs: Pairs = []
        for name, value in cells:
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = {}
                self._codes[name] = array("H", bytes(2 * CHUNK))
            pairs.append((self._codes[name], known.setdefault(encode_value(value), len(known) + 1)))
        return pairs

    def seal(self) -> Slab:
        """The slab of the rows so far."""
        columns = {}
        for name, codes in self._codes.items():
            column = store_column(codes[: self.rows], self._known[name])
            if column.present:
                columns[name] = column
        return Slab(self.rows, columns)


@dataclass(frozen=True)
class Selection:
    """Rows of several slabs in an order of their own.

    Attributes:
        order: of each row its place among the rows of all slabs, one after the other; None: all
            rows as they are.
    """

    slabs: Sequence[Slab]
    order: Sequence[int] | None = None
    _columns: dict[str, StoredColumn] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many."""
        return sum(slab.rows for slab in self.slabs) if self.order is None else len(self.order)

    def names(self) -> Iterator[str]:
        """The names of the columns that any row has."""
        dropped = sum(slab.rows for slab in self.slabs) - self.rows
        for name in dict.fromkeys(name for slab in self.slabs for name in slab.columns):
            present = sum(slab.columns[name].present for slab in self.slabs if name in slab.columns)
            if present > dropped or self.column(name).present:
                yield name

    def column(self, name: str) -> StoredColumn:
        """The stored column of these rows."""
        if name not in self._columns:
            self._columns[name] = self._put_together(name)
        return self._columns[name]

    def whole(self) -> Slab:
        """One slab with these rows."""
        return Slab(self.rows, {name: self.column(name) for name in self.names()})

    def _put_together(self, name: str) -> StoredColumn:
        if len(self.slabs) == 1 and self.order is None:
            return self.slabs[0].columns[name]
        known: dict[bytes, int] = {}
        codes: array[int] = array("I")
        for slab in self.slabs:
            column = slab.columns.get(name)
            if column is None:
                codes.frombytes(bytes(codes.itemsize * slab.rows))
                continue
            joint = [0, *(known.setdefault(key, len(known) + 1) for key in column.read_keys())]
            codes.extend(map(joint.__getitem__, column.read_codes()))
        if self.order is None:
            return store_column(codes, known)
        picked = array("I", map(codes.__getitem__, self.order))
        used = sorted(set(picked) - {0})
        if len(used) == len(known):
            return store_column(picked, known)
        renumbered = {0: 0, **{code: new for new, code in enumerate(used, 1)}}
        keys = [*known]
        return store_column(
            array("I", map(renumbered.__getitem__, picked)), [keys[code - 1] for code in used]
        )
