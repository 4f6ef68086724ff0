"""Relatives: runs of one lineage, each with the runs that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stride.store.parents import Whereabouts


@dataclass(frozen=True)
class Link:
    """How a run was made from another.

    Attributes:
        key: of the parent among the relatives.
        changes: config keys that are not the same in both, those that only follow from others left
            out: the value in the parent and in the child, ABSENT where one has no such key.
    """

    relation: str
    key: str
    changes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Relative:
    """A run in a lineage.

    Attributes:
        key: distinct for each.
        id: permanent; None where the run cannot be read.
        whereabouts: where it was found.
        status: None where it was not found.
        monitor, best: the best value by its first monitor.
        parents: in the order in which they were recorded.
        problem: why it cannot be read.
    """

    key: str
    address: str
    id: str | None
    whereabouts: Whereabouts = Whereabouts.HERE
    status: str | None = None
    monitor: str | None = None
    best: float | None = None
    parents: tuple[Link, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Lineage:
    """Runs and what they were made from.

    Attributes:
        relatives: by key; the order is that of a listing within each experiment.
        children: key to the keys of the runs that were made from it.
        start: the key of the run whose lineage it is; None where it is that of an experiment.
        unrelated: how many runs of the experiment have neither parents nor children.
    """

    relatives: dict[str, Relative]
    children: dict[str, tuple[str, ...]]
    start: str | None = None
    unrelated: int = 0

    def roots(self) -> list[str]:
        """Those without parents; of runs that go round in a circle the first."""
        found = [key for key, each in self.relatives.items() if not each.parents]
        seen = set(self._below(found))
        for key in self.relatives:
            if key not in seen:
                found.append(key)
                seen |= set(self._below([key]))
        return found

    def _below(self, keys: Iterable[str]) -> Iterable[str]:
        seen: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                waiting += self.children.get(key, ())
        return seen
