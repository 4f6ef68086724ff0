"""Refreshing: what is cached where it still holds, and the rest read from the folders."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stride.store.index.cache_file import Cached, file_system_time, read_cached, write_cached
from stride.store.index.slab import CHUNK, Filling, Selection, Slab
from stride.store.index.source import Source
from stride.store.index.stamps import NUMBERS, is_settled

_NOTHING = Cached([], b"", (), Slab(0, {}))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is cached, beside what is there.

    Attributes:
        places: of each run that is there, its row in the cache; -1 where it is to be read.
    """

    cached: Cached
    places: Sequence[int]

    @property
    def stale(self) -> list[int]:
        """The rows of the runs that are to be read."""
        return [row for row, place in enumerate(self.places) if place < 0]


def refresh(
    source: Source,
    experiment: Path,
    names: Sequence[str],
    stamps: Sequence[array[int]],
    path: Path,
    moment: int | None = None,
) -> Selection:
    """The rows of the runs, in their order; what was read anew is cached where that pays.

    Args:
        experiment: its folder.
        names: of the runs.
        stamps: of each file of the source, of these runs, as they are now.
        path: of the cache.
        moment: nanoseconds, by the clock of the file system; None: it is asked.
    """
    cached = read_cached(path, len(source.files)) or _NOTHING
    places = _compare(cached, names, stamps)
    if places is None:
        return Selection([cached.slab])
    stale = [row for row, place in enumerate(places) if place < 0]
    pays = _pays(len(stale), len(names))
    if pays and moment is None:
        moment = file_system_time(path)  # before anything is read: see is_settled
    slabs, lasting = _read(source, experiment, names, stamps, stale)
    order = _order(places, cached.slab.rows)
    selection = Selection([cached.slab, *slabs] if cached.slab.rows else slabs, order)
    if not pays or moment is None:
        return selection
    settled = bytearray(b"\1" * len(names))
    for row, is_lasting in zip(stale, lasting, strict=True):
        settled[row] = is_lasting and is_settled(stamps, row, moment)
    if not _pays(sum(map(settled.__getitem__, stale)), len(names)):
        return selection
    whole = selection.whole()
    write_cached(path, Cached([*names], bytes(settled), stamps, whole))
    return Selection([whole])


def _compare(
    cached: Cached, names: Sequence[str], stamps: Sequence[array[int]]
) -> list[int] | None:
    """Of each run its row in the cache, -1 where it is to be read; None: all is as it was."""
    if cached.names == names:
        if [*cached.stamps] == [*stamps] and b"\0" not in cached.settled:
            return None
        places: Sequence[int] = range(len(names))
    else:
        rows = {name: row for row, name in enumerate(cached.names)}
        places = [rows.get(name, -1) for name in names]
    found = [*places]
    for then, now in zip(cached.stamps, stamps, strict=False):
        before, after = _by_run(then), _by_run(now)
        found = [
            place if place >= 0 and before[place] == stamp else -1
            for place, stamp in zip(found, after, strict=True)
        ]
    return [place if place >= 0 and cached.settled[place] else -1 for place in found]


def _by_run(stamps: array[int]) -> list[tuple[int, ...]]:
    return [*zip(*(stamps[number::NUMBERS] for number in range(NUMBERS)), strict=True)]


def _read(
    source: Source,
    experiment: Path,
    names: Sequence[str],
    stamps: Sequence[array[int]],
    rows: Sequence[int],
) -> tuple[list[Slab], list[bool]]:
    """The slabs of some runs, and of each run whether what was read of it lasts."""
    sizes = [of_file[NUMBERS - 1 :: NUMBERS] for of_file in stamps]
    slabs: list[Slab] = []
    lasting: list[bool] = []
    for start in range(0, len(rows), CHUNK):
        filling = Filling()
        reader = source.open(experiment, filling)
        for row in rows[start : start + CHUNK]:
            lasting.append(reader.read(names[row], [of_file[row] for of_file in sizes]))
        slabs.append(filling.seal())
    return slabs, lasting


def _order(places: Sequence[int], cached: int) -> array[int] | None:
    """The rows among those of the cached slab and of those read; None where all were read."""
    fresh = iter(range(cached, cached + len(places)))
    if not cached:
        return None
    return array("q", (place if place >= 0 else next(fresh) for place in places))


def _pays(changed: int, runs: int) -> bool:
    """Whether to write a new cache rather than to read some runs again the next time."""
    return changed > 0 and changed * 100 >= runs
