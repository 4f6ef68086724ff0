"""Killing trainings of several ranks, and comparing what they became with one that was let be."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stride.errors import NotAnExperimentError, RunNotFoundError
from stride.store.record import Status
from stride.store.run import Run
from tests.resilience.comparison import differences, wounds
from tests.resilience.deaths import AfterSeconds, AtFile, AtStep, Death
from tests.resilience.rank_trainings import Deaths, Endings, RankTrainings
from tests.resilience.trainings import run_in

_LARGER_BATCHES = {"train_loader_kwargs": {"batch_size": 24, "drop_last": True}}
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    # A window in micro-batches for each rank, none of which may be one sample.
    "everything at once": {"load_data_kwargs": _LARGER_BATCHES},
}


@dataclass(frozen=True)
class RankReference:
    """A training that nothing happened to.

    Attributes:
        ranks: how many.
        folder: its run is `x` of the experiment `exp` in it.
        options: of `RankTrainings.train`.
    """

    case: str
    ranks: int
    folder: Path
    endings: Endings
    options: Mapping[str, Any] = field(default_factory=dict)


def let_ranks_be(
    trainings: RankTrainings, case: str, ranks: int, folder: Path, **options: Any
) -> RankReference:
    """Train a case to its end."""
    folder.mkdir(parents=True)
    options = {"settings": _SETTINGS.get(case, {}), **options}
    endings = trainings.train(folder, case, ranks, **options)
    assert endings.codes == [0] * ranks, endings.output
    return RankReference(case, ranks, folder, endings, options)


def kill_ranks(
    trainings: RankTrainings, reference: RankReference, folder: Path, deaths: Iterable[Deaths]
) -> int:
    """Train a case whose ranks die so many deaths, look at it after each, train it to its end.

    Returns:
        How many attempts were killed: it may have been done before the moment of the last.

    Raises:
        AssertionError: it is not, bit for bit, what it would have become undisturbed; or a kill
            left a process, something half, or a record that does not tell the truth.
    """
    folder.mkdir(parents=True)
    case, ranks, options = reference.case, reference.ranks, reference.options
    story: list[str] = []
    kills = 0
    for death in deaths:
        begun = _attempts(folder)
        endings = trainings.train(folder, case, ranks, death, **options)
        story.append(f"{death} -> {endings.codes}")
        if not endings.killed:
            assert endings.codes == [0] * ranks, _told(story, [endings.output])
            break
        kills += 1
        found = [f"ranks {endings.left} did not end"] if endings.left else []
        found += _wounds(folder)
        if _attempts(folder) > begun:  # else they were killed before the run was theirs
            found += _lies(run_in(folder), endings)
        assert not found, _told(story, [*found, endings.output])
    endings = trainings.train(folder, case, ranks, **options)
    assert endings.codes == [0] * ranks, _told(story, [endings.output])
    found = differences(run_in(folder), run_in(reference.folder))
    assert not found, _told(story, found)
    return kills


def _attempts(folder: Path) -> int:
    try:
        return len(run_in(folder).read_record().attempts)
    except (RunNotFoundError, NotAnExperimentError):
        return 0


def _wounds(folder: Path) -> list[str]:
    try:
        return wounds(run_in(folder))
    except (RunNotFoundError, NotAnExperimentError):  # killed before there was a run
        numbers = [path.name for path in (folder / "exp").glob("*") if path.name.isdigit()]
        return [f"there is a run {number} that nobody asked for" for number in numbers]


def _lies(run: Run, endings: Endings) -> list[str]:
    """What the record says and is not so, where ranks were killed."""
    record = run.read_record()
    first = endings.ranks[0]
    if first.killed or record.status is Status.COMPLETED:
        return []
    said = "" if record.error is None else record.error.message
    victims = [rank for rank, ending in enumerate(endings.ranks) if ending.killed]
    if record.status is Status.FAILED and any(f"rank {rank} " in said for rank in victims):
        return []
    return [f"the status is {record.status}, the error {said!r}; killed were {victims}"]


def _told(story: list[str], found: list[str]) -> str:
    return "\n".join(["", *story, *found])


def any_rank_deaths(reference: RankReference, chance: random.Random) -> Iterator[Deaths]:
    """Deaths of a rank that is drawn, at moments that are: steps, file events, on the clock; every
    third takes all others along.

    A training that was resumed has less before it: the later a moment, the rarer it is drawn.
    """
    while True:
        share = chance.random() * chance.choice((0.3, 0.6, 1.0))
        rank = chance.randrange(reference.ranks)
        ending = reference.endings.ranks[rank]
        death: Death = AfterSeconds(share * ending.seconds)
        kind = chance.randrange(3)
        if kind == 0:
            death = AtStep(1 + int(share * ending.steps), chance.choice(("before", "after")))
        elif kind == 1:
            death = AtFile(number=1 + int(share * ending.events))
        yield Deaths({rank: death}, together=chance.randrange(3) == 0)
