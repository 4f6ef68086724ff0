"""Setting columns: the config keys in which many runs differ, as small numbers, one a run."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.config.differences import ABSENT
from stride.config.identity import is_unchanging
from stride.store.index.run_table import RunTable

SEED: Final = "seed"
"""The key whose values make repeats of a run."""

_CONFIG: Final = "config."


@dataclass(frozen=True)
class SettingColumn:
    """A config key of some runs.

    Attributes:
        codes: one a run: the place of its value in `values`. Equal numbers have one place, whether
            they are written 1 or 1.0.
        values: the first is ABSENT, of runs that do not have the key.
    """

    key: str
    codes: tuple[int, ...]
    values: tuple[Any, ...]

    def value(self, place: int) -> Any:
        """What the run at a place has."""
        return self.values[self.codes[place]]


def varying_columns(
    table: RunTable, rows: Sequence[int], without: Collection[str] = (SEED,)
) -> list[SettingColumn]:
    """The keys that can change a result and are not the same in all of these rows.

    Args:
        without: keys that are left out.
    """
    found = []
    for name in table.columns:
        key = name.removeprefix(_CONFIG)
        if key == name or key in without or is_unchanging(key):
            continue
        column = setting_column(table, rows, key)
        if len(set(column.codes)) > 1:
            found.append(column)
    return found


def setting_column(table: RunTable, rows: Sequence[int], key: str) -> SettingColumn:
    """A config key in some rows of the table; ABSENT in all where no run has it.

    A key that names data counts by the content of the data, where that is known: moved data are the
    same data.
    """
    column = table.columns.get(_CONFIG + key)
    if column is None:
        return SettingColumn(key, (0,) * len(rows), (ABSENT,))
    places: dict[Hashable, int] = {ABSENT: 0}
    values: list[Any] = [ABSENT]

    def place_of(value: Any, identity: Hashable) -> int:
        found = places.setdefault(identity, len(values))
        if found == len(values):
            values.append(value)
        return found

    codes = column.codes
    if (digests := _digests(table, key)) is not None:
        there = [
            (column.values[codes[row]], digests[0][digests[1][row]]) for row in rows
        ]  # no other way than a run at a time; keys of data are few
        found = [place_of(v, hashable(v) if d is None else ("data", d)) for v, d in there]
        return SettingColumn(key, tuple(found), tuple(values))
    by_code = [0, *(place_of(value, hashable(value)) for value in column.values[1:])]
    return SettingColumn(key, tuple([by_code[codes[row]] for row in rows]), tuple(values))


def _digests(table: RunTable, key: str) -> tuple[list[str | None], Sequence[int]] | None:
    """The digests of the data that a key names, and for each run which of them is its own."""
    column = table.columns.get("run.fingerprints")
    if column is None:
        return None
    found = [None, *(dict(pairs).get(key) for pairs in column.values[1:])]
    return (found, column.codes) if any(found) else None


def hashable(value: Any) -> Hashable:
    """A JSON value as a key of a dict: equal for the same, as `stride.config.differences.same`."""
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, dict):
        return ("mapping", frozenset((key, hashable(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return ("list", tuple(map(hashable, value)))
    found: Hashable = value
    return found
