"""The names that a query may use: columns of runs, found by what people type."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from typing import Final

from stride.config.nearest import nearest
from stride.errors import QueryError
from stride.store.index.part import Part
from stride.store.index.run_table import RunTable

RUN_FIELDS: Final = (
    "name",
    "number",
    "id",
    "status",
    "stored_status",
    "created",
    "tags",
    "note",
    "epoch",
    "max_epochs",
    "step",
    "attempts",
    "seconds",
    "host",
    "error",
    "problem",
    "parents",
    "sweep",
    "trial",
)
"""What is known of any run, whether or not one has it."""

_EXACT: Final = ("run.", "metric.", "config.")
_CHOSEN: Final = ("last.", "min.", "max.", "test.", "best.")
"""Other values of a metric than that of the best epoch."""
_RATE: Final = "metric.lr"
"""The learning rate of an epoch, which stands beside the metrics; `lr` alone is the config's."""
_GLOB: Final = re.compile(r"[*?\[]")
_MOST: Final = 6


def parts_for(names: Iterable[str]) -> frozenset[Part]:
    """The files beyond the three of every run that have to be read for these names."""
    parts = set()
    for name in names:
        if name.startswith(("min.", "max.")):
            parts.add(Part.TABLES)
        if name.startswith(("test.", "test_")):
            parts.add(Part.RESULTS)
    return frozenset(parts)


class Vocabulary:
    """The columns of one or more tables of runs, in the order in which they are listed.

    Attributes:
        columns: run fields, then metrics, then config keys, then other values of metrics.
    """

    def __init__(self, tables: Sequence[RunTable]) -> None:
        self._tables = tables
        found = dict.fromkeys(name for table in tables for name in table.columns)
        groups: dict[str, list[str]] = {prefix: [] for prefix in (*_EXACT, *_CHOSEN)}
        for name in found:
            prefix = name[: name.index(".") + 1]
            if prefix != "run." and prefix in groups:
                groups[prefix].append(name)
        groups["run."] = [f"run.{field}" for field in RUN_FIELDS]
        self.empty = not any(map(len, tables))
        """Whether there is no run: then nothing is known of names, and any name is missing."""
        self.columns = tuple(name for group in groups.values() for name in group)
        self._known = frozenset(self.columns)
        self._keys = tuple(name.removeprefix("config.") for name in groups["config."])

    def metrics(self) -> list[str]:
        """The names of the metrics, without what they begin with."""
        return [name[7:] for name in self.columns if name.startswith("metric.")]

    def resolve(self, name: str) -> str:
        """The column that a name means: a run field, then a metric, then a config key.

        Of a config key the last parts are enough. `lr` is first that of the config.

        Raises:
            QueryError: there is none, with the nearest; or several config keys end so.
        """
        for prefix in _EXACT:
            if name.startswith(prefix):
                return self._exactly(name)
        for prefix in _CHOSEN:
            if name.startswith(prefix) and (column := self._chosen(name)):
                return column
        first = [f"run.{name}", f"metric.{name}", f"config.{name}"]
        for column in first:
            if column in self._known and column != _RATE:
                return column
        if key := self._ending(name):
            return f"config.{key}"
        if f"metric.{name}" in self._known:
            return f"metric.{name}"
        if f"test.{name}" in self._known:
            return f"test.{name}"
        if self.empty:
            return f"config.{name}"
        raise QueryError(self._unknown(name))

    def matching(self, pattern: str) -> list[str]:
        """The columns that a glob such as `val_*` means, by what they are called alone or in full.

        Raises:
            QueryError: none.
        """
        fits = re.compile(fnmatch.translate(pattern)).match
        bare = (*_EXACT, "test.")  # results call their values test_accuracy, and so do people
        found = [
            name
            for name in self.columns
            if fits(name) or (name.startswith(bare) and fits(name[name.index(".") + 1 :]))
        ]
        if not found and not self.empty:
            raise QueryError(f"no column fits {pattern}; config.* are the config keys")
        return found

    def _ending(self, name: str) -> str | None:
        """The config key that ends so.

        Of several those are left out that are null in every run: nobody uses what they belong to.
        """
        keys = [key for key in self._keys if key.endswith(f".{name}")]
        if len(keys) > 1:
            keys = [key for key in keys if self._is_used(f"config.{key}")] or keys
        if len(keys) > 1:
            from stride.config.differing_keys import short_names  # deferred: only for this sentence

            ways = _listed([*short_names(keys).values()])
            raise QueryError(f"{name} fits several config keys: {ways}; write one of them")
        return keys[0] if keys else None

    def _is_used(self, column: str) -> bool:
        columns = (table.columns.get(column) for table in self._tables)
        return any(value is not None for each in columns if each for value in each.values[1:])

    def _exactly(self, name: str) -> str:
        if name in self._known or self.empty:
            return name
        if name.startswith("metric.") and not self.metrics():
            return name  # no run has got so far yet
        raise QueryError(self._unknown(name))

    def _chosen(self, name: str) -> str | None:
        """`last.loss` and so on; `test.accuracy` is also what results call `test_accuracy`."""
        kind, _, metric = name.partition(".")
        for column in (name, f"test.test_{metric}" if kind == "test" else name):
            if column in self._known:
                return column
        if f"config.{name}" in self._known:
            return f"config.{name}"
        if metric in self.metrics() or not self.metrics():
            return name  # a metric that no run has so
        return None

    def _unknown(self, name: str) -> str:
        near = self._nearest(name)
        hint = f"; did you mean {near}?" if near else "; stride list --columns '*' shows all names"
        if not near and not self.metrics():
            hint = "; and no run has a metric yet"
        return f"no run has {name}{hint}"

    def _nearest(self, name: str) -> str | None:
        """What may have been meant: whole names first, then the last parts of config keys."""
        prefix = next((each for each in (*_EXACT, *_CHOSEN) if name.startswith(each)), "")
        if prefix:
            ends = {key.rpartition(".")[2]: f"config.{key}" for key in self._keys}
            if prefix == "config." and (found := ends.get(name.removeprefix(prefix))):
                return found
            candidates = [column for column in self.columns if column.startswith(prefix)]
            return nearest(name, candidates)
        names: dict[str, str] = {}
        for column in self.columns:
            if column.startswith(_EXACT):
                bare = column[column.index(".") + 1 :]
                for each in (bare, bare.rpartition(".")[2]):
                    names.setdefault(each, bare)
        found = nearest(name, names)
        return names[found] if found else None


def is_glob(pattern: str) -> bool:
    """Whether a text stands for several names."""
    return _GLOB.search(pattern) is not None


def _listed(keys: Sequence[str]) -> str:
    shown = list(keys[:_MOST])
    if len(keys) > _MOST:
        return f"{', '.join(shown)} and {len(keys) - _MOST} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def short_name(column: str) -> str:
    """What a column is called on the screen: run fields, metrics and config keys without prefix."""
    for prefix in _EXACT:
        if column.startswith(prefix) and column != _RATE:
            return column.removeprefix(prefix)
    return column.removeprefix("test.") if column.startswith("test.test_") else column
