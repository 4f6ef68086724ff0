"""Refreshing: what is cached where it still holds, and the rest read from the folders."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from stride.store.index.cache_file import (
    Cached,
    file_system_time,
    read_cache_file,
    write_cache_file,
)
from stride.store.index.cells import Outcome
from stride.store.index.present import Present
from stride.store.index.slab import CHUNK, Filling, Selection, Slab
from stride.store.index.source import Source
from stride.store.index.stamps import NUMBERS, is_settled, size_of

_NOTHING = Cached([], b"", (), Slab(0, {}))
_SHARE = 100
"""One run in so many: of fewer that changed, reading them again each time costs less than writing
all anew."""


def refresh(
    source: Source, experiment: Path, present: Present, path: Path, moment: int | None = None
) -> tuple[list[str], Selection]:
    """The names and rows of the runs; what was read anew is cached where that pays.

    Runs that go while they are read are not among them.

    Args:
        experiment: its folder.
        present: its runs, with the stamps of the files of the source.
        path: of the cache.
        moment: nanoseconds, by the clock of the file system; None: it is asked.
    """
    cached = read_cache_file(path, len(source.files)) or _NOTHING
    places = _compare(cached, present)
    if places is None:
        return present.names, Selection([cached.slab])
    stale = [row for row, place in enumerate(places) if place < 0]
    removed = max(0, len(cached.names) - len(places))
    pays = _pays(len(stale) + removed, len(places))
    if pays and moment is None:
        moment = file_system_time(path)  # before anything is read: see is_settled
    slabs, outcomes = _read(source, experiment, present, stale)

    for row, place in zip(
        stale, range(cached.slab.rows, cached.slab.rows + len(stale)), strict=True
    ):
        places[row] = place
    rows = [row for row in range(len(places)) if outcomes.get(row) is not Outcome.GONE]
    is_whole = not cached.slab.rows and len(rows) == len(places)
    order = None if is_whole else array("q", map(places.__getitem__, rows))
    kept = present.only(rows)
    selection = Selection([slab for slab in (cached.slab, *slabs) if slab.rows], order)
    if not pays or moment is None:
        return kept.names, selection

    settled = bytearray(b"\1" * len(places))
    for row, outcome in outcomes.items():
        settled[row] = outcome is Outcome.LASTING and is_settled(present.stamps, row, moment)
    if _pays(sum(map(settled.__getitem__, stale)) + removed, len(places)):
        selection = Selection([selection.whole()])
        flags = bytes(map(settled.__getitem__, rows))
        write_cache_file(path, Cached(kept.names, flags, kept.stamps, selection.whole()))
    return kept.names, selection


def _compare(cached: Cached, present: Present) -> list[int] | None:
    """Of each run its row in the cache, -1 where it is to be read; None: all is as it was."""
    names, settled = present.names, cached.settled
    is_same = cached.names == names
    if is_same:
        if [*cached.stamps] == present.stamps and b"\0" not in settled:
            return None
        places = [*range(len(names))]
    else:
        rows = {name: row for row, name in enumerate(cached.names)}
        places = [rows.get(name, -1) for name in names]
    for then, now in zip(cached.stamps, present.stamps, strict=False):
        if is_same and then == now:
            continue
        for row, place in enumerate(places):
            here, there = NUMBERS * row, NUMBERS * place
            if place >= 0 and now[here : here + NUMBERS] != then[there : there + NUMBERS]:
                places[row] = -1
    return [place if place >= 0 and settled[place] else -1 for place in places]


def _read(
    source: Source, experiment: Path, present: Present, rows: Sequence[int]
) -> tuple[list[Slab], dict[int, Outcome]]:
    """The slabs of some runs, and of each row how long it is true."""
    slabs: list[Slab] = []
    outcomes: dict[int, Outcome] = {}
    for start in range(0, len(rows), CHUNK):
        filling = Filling()
        reader = source.open(experiment, filling)
        for row in rows[start : start + CHUNK]:
            sizes = [size_of(of_file, row) for of_file in present.stamps]
            outcomes[row] = reader.read(present.names[row], sizes)
        slabs.append(filling.seal())
    return slabs, outcomes


def _pays(changed: int, runs: int) -> bool:
    """Whether to write a new cache rather than to read some runs again the next time."""
    return changed > 0 and changed * _SHARE >= runs
