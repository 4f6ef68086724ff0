"""Scaling: what more ranks and machines do to the speed of the same training."""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stride.config.differences import differing_leaves
from stride.config.nearest import nearest
from stride.errors import StrideError, UsageError
from stride.report.candidate import Candidate, read_candidate
from stride.report.throughput import Ranks, Throughput, throughputs
from stride.store.run import Run

_PAIRED = 100
"""Trainings that are looked through for a pair that is nearly alike."""


@dataclass(frozen=True)
class Point:
    """The trainings of a comparison on so many ranks.

    Attributes:
        samples_per_second: the median of the runs, each the median of its epochs.
        speed_up: over the fewest ranks of the comparison.
        efficiency: the speed-up over how many times more ranks there are.
        runs: their names.
        epochs: that were counted, over all runs.
        threads: of each rank, one number for each that occurs.
        with_start: whether only first epochs could be counted.
        settings: of the keys that may differ the values that occur.
    """

    ranks: int
    nodes: int
    samples_per_second: float
    speed_up: float
    efficiency: float
    runs: tuple[str, ...]
    epochs: int
    threads: tuple[int, ...]
    with_start: bool
    settings: dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Comparison:
    """Trainings that are alike but for their ranks, the fewest ranks first; at least two.

    Attributes:
        settings: in which it differs from the other comparisons, by key.
    """

    points: tuple[Point, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Scaling:
    """All that can be compared in an experiment.

    Attributes:
        left_out: reason to the names of the runs that no comparison holds.
        reason: why there is no comparison, as a sentence; None where there is one.
    """

    comparisons: tuple[Comparison, ...]
    left_out: dict[str, tuple[str, ...]]
    reason: str | None


@dataclass
class _Sorted:
    """Trainings that are alike, and what became of the others."""

    groups: list[list[Candidate]] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, run: Run, reason: str) -> None:
        self.left_out.setdefault(reason, []).append(run.name)


def read_scaling(runs: Iterable[Run], excepted: Sequence[str] = ()) -> Scaling:
    """Compare runs that differ in nothing that changes results but in ranks and machines.

    Timings are read of those only that have a counterpart. A run that went on with other ranks is
    in its comparison with both.

    Args:
        runs: of one experiment.
        excepted: keys that may differ too, or groups of keys; also `code`, `data` and `device`.

    Raises:
        UsageError: no run has such a key.
    """
    found = _Sorted()
    candidates = []
    for run in runs:
        candidate = read_candidate(run)
        if isinstance(candidate, str):
            found.leave_out(run, candidate)
        else:
            candidates.append(candidate)
    _check_excepted(candidates, excepted)
    alike: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        alike.setdefault(_digest(candidate.alike(excepted)), []).append(candidate)
    found.groups = list(alike.values())
    several = []
    for group in found.groups:
        points = _points(group, excepted, found) if _differ(group) else ()
        if len(points) > 1:
            several.append((group[0], points))
            continue
        counted = {name for names in found.left_out.values() for name in names}
        for candidate in group:
            if candidate.run.name not in counted:
                found.leave_out(candidate.run, "no counterpart on other ranks")
    settings = _told_apart([first.alike(excepted) for first, _ in several])
    return Scaling(
        tuple(
            Comparison(points, each) for (_, points), each in zip(several, settings, strict=True)
        ),
        {reason: tuple(names) for reason, names in found.left_out.items()},
        None if several else _reason(candidates, found, excepted),
    )


def _differ(group: Sequence[Candidate]) -> bool:
    return len(frozenset().union(*(each.tried for each in group))) > 1


def _points(
    group: Sequence[Candidate], excepted: Collection[str], found: _Sorted
) -> tuple[Point, ...]:
    """What trainings that are alike reached, the fewest ranks first."""
    by_ranks: dict[Ranks, list[tuple[Candidate, Throughput]]] = {}
    for candidate in group:
        try:
            reached = throughputs(candidate.record, candidate.run.timings.read())
        except StrideError:
            reached = []
        for each in reached:
            by_ranks.setdefault((each.ranks, each.nodes), []).append((candidate, each))
        if not reached:
            found.leave_out(candidate.run, "no timings")
    points: list[Point] = []
    for ranks, nodes in sorted(by_ranks):
        measured = by_ranks[ranks, nodes]
        whole = [each for _, each in measured if not each.with_start] or [e for _, e in measured]
        rate = statistics.median(each.median for each in whole)
        first = points[0] if points else None
        speed_up = 1.0 if first is None else rate / first.samples_per_second
        points.append(
            Point(
                ranks=ranks,
                nodes=nodes,
                samples_per_second=rate,
                speed_up=speed_up,
                efficiency=speed_up if first is None else speed_up * first.ranks / ranks,
                runs=tuple(candidate.run.name for candidate, _ in measured),
                epochs=sum(len(each.samples_per_second) for each in whole),
                threads=tuple(sorted({e.threads for _, e in measured if e.threads is not None})),
                with_start=whole[0].with_start,
                settings={
                    key: _values(key, [candidate for candidate, _ in measured]) for key in excepted
                },
            )
        )
    return tuple(points)


def _values(key: str, candidates: Sequence[Candidate]) -> tuple[Any, ...]:
    """The values of a key that occur, each once; of a group of keys none."""
    values = [each.settings[key] for each in candidates if key in each.settings]
    return tuple({_digest(value): value for value in values}.values())


def _told_apart(settings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each the keys in which they differ."""
    keys = differing_leaves(settings) if len(settings) > 1 else {}
    return [{key: each[key] for key in keys if key in each} for each in settings]


def _check_excepted(candidates: Sequence[Candidate], excepted: Sequence[str]) -> None:
    known = dict.fromkeys(key for candidate in candidates for key in candidate.settings)
    for key in excepted:
        if known and not any(each == key or each.startswith(f"{key}.") for each in known):
            near = nearest(key, known)
            meant = f"; did you mean {near}?" if near else ""
            raise UsageError(f"--except {key}: no run has such a key{meant}")


def _reason(candidates: Sequence[Candidate], found: _Sorted, excepted: Sequence[str]) -> str:
    """Why there is nothing to compare, and what helps."""
    if not candidates:
        return "nothing to compare: no run was trained yet"
    ranks = sorted(frozenset().union(*(each.tried for each in candidates)))
    if len(ranks) == 1:
        return (
            f"nothing to compare: every run was trained on {_words(*ranks[0])}; train one more with"
            " the same config and another --nproc-per-node"
        )
    if any(_differ(group) for group in found.groups):
        return "nothing to compare: runs that are alike have timings of one number of ranks only"
    keys = _nearly_alike([group[0] for group in found.groups[-_PAIRED:]], excepted)
    named = " ".join(f"--except {key}" for key in keys)
    return (
        f"nothing to compare: runs on other ranks differ at least in {', '.join(keys)} as well; if"
        f" that does not matter, add {named}"
    )


def _nearly_alike(firsts: Sequence[Candidate], excepted: Sequence[str]) -> list[str]:
    """The keys in which two trainings on other ranks differ, where these are fewest."""
    best: list[str] | None = None
    settings = [each.alike(excepted) for each in firsts]
    for place, one in enumerate(firsts):
        for other in range(place):
            if one.tried != firsts[other].tried:
                keys = list(differing_leaves([settings[place], settings[other]]))
                if best is None or len(keys) < len(best):
                    best = keys
    return best or []


def _words(ranks: int, nodes: int) -> str:
    """As in `4 ranks on 2 machines`."""
    on = f" on {nodes} machines" if nodes > 1 else ""
    return ("1 rank" if ranks == 1 else f"{ranks} ranks") + on


def _digest(value: Any) -> str:
    """Equal for values that are the same in JSON; 1 and 1.0 are, as in `differences.same`."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
