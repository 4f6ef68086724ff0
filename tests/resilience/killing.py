"""Killing a training over and over, and comparing what it became with one that was let be."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stride.errors import NotAnExperimentError, RunNotFoundError
from tests.resilience.comparison import differences, wounds
from tests.resilience.deaths import AfterSeconds, AtFile, AtStep, Death
from tests.resilience.trainings import Ending, Trainings, run_in


@dataclass(frozen=True)
class Reference:
    """A training that nothing happened to.

    Attributes:
        folder: its run is `x` of the experiment `exp` in it.
    """

    case: str
    folder: Path
    ending: Ending


def let_be(trainings: Trainings, case: str, folder: Path, *, device: str = "cpu") -> Reference:
    """Train a case to its end."""
    folder.mkdir(parents=True)
    ending = trainings.train(folder, case, device=device)
    assert ending.code == 0, ending.output
    return Reference(case, folder, ending)


def kill(
    trainings: Trainings,
    reference: Reference,
    folder: Path,
    deaths: Iterable[Death],
    *,
    device: str = "cpu",
) -> int:
    """Train a case that dies so many deaths, is looked at after each, and then comes to its end.

    Returns:
        How many deaths it died: it may have been done before the moment of the last.

    Raises:
        AssertionError: it is not, bit for bit, what it would have become undisturbed; or a kill
            left something half; or an attempt failed.
    """
    folder.mkdir(parents=True)
    story: list[str] = []
    for death in deaths:
        ending = trainings.train(folder, reference.case, death, device=device)
        story.append(f"{death} -> {ending.code}")
        assert ending.killed or ending.code == 0, _told(story, [ending.output])
        if not ending.killed:
            break
        found = _wounds(folder)
        assert not found, _told(story, found)
    kills = sum(line.endswith("-9") for line in story)
    ending = trainings.train(folder, reference.case, device=device)
    assert ending.code == 0, _told(story, [ending.output])
    found = differences(run_in(folder), run_in(reference.folder))
    assert not found, _told(story, found)
    return kills


def _wounds(folder: Path) -> list[str]:
    try:
        run = run_in(folder)
    except (RunNotFoundError, NotAnExperimentError):  # killed before there was a run
        numbers = [path.name for path in (folder / "exp").glob("*") if path.name.isdigit()]
        return [f"there is a run {number} that nobody asked for" for number in numbers]
    return wounds(run)


def _told(story: list[str], found: list[str]) -> str:
    return "\n".join(["", *story, *found])


def any_deaths(reference: Reference, chance: random.Random) -> Iterator[Death]:
    """Deaths at moments that are drawn: a third each at steps, at file events and on the clock.

    A training that was resumed has less before it: the later a moment, the rarer it is drawn.
    """
    whole = reference.ending
    while True:
        share = chance.random() * chance.choice((0.3, 0.6, 1.0))
        kind = chance.randrange(3)
        if kind == 0:
            edge = chance.choice(("before", "after"))
            yield AtStep(1 + int(share * whole.steps), edge)
        elif kind == 1:
            yield AtFile(number=1 + int(share * whole.events))
        else:
            yield AfterSeconds(share * whole.seconds)


def kill_often(
    trainings: Trainings, reference: Reference, folder: Path, kills: int, seed: int
) -> Iterator[int]:
    """Kill trainings of a case at drawn moments, up to four times each, until there were so many.

    Each has a folder of its own, which is removed when it was found good.

    Yields:
        After each training, how many kills there were so far.
    """
    chance = random.Random(f"{seed}: {reference.case}")
    done = rounds = 0
    while done < kills:
        wanted = min(chance.randint(1, 4), kills - done)
        moments = any_deaths(reference, chance)
        place = folder / f"round-{rounds}"
        rounds += 1
        done += kill(trainings, reference, place, [next(moments) for _ in range(wanted)])
        shutil.rmtree(place)
        yield done
