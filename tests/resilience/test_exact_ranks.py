"""A training of several ranks that is killed, wherever and however, goes on to the same bits."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.resilience.deaths import BEST, COMMITTED, STAGED, AtEvaluation, AtFile, AtStep
from tests.resilience.rank_killing import RankReference, any_rank_deaths, kill_ranks
from tests.resilience.rank_trainings import Deaths, RankTrainings
from tests.resilience.training_cases import CASES

RankReferences = Callable[..., RankReference]

REGULARIZED = "dropout and batch norm"
AVERAGED = "averaged weights, evaluated between epochs"
ACCUMULATED = "accumulation with a short last window"
EVERYTHING = "everything at once"
SMALL_BUCKETS = 300
"""Bytes: the smallest model here has half a dozen buckets then."""

REFUSED = ("iterable data set", "handed over")
"""Words of the cases that several ranks cannot train, and say so."""

NAMED: dict[str, list[Deaths]] = {
    "one rank in the first epoch, one before its first step": [
        Deaths({1: AtStep(11)}),
        Deaths({1: AtStep(1, "before")}),
    ],
    "the first rank while it saves": [
        Deaths({0: AtFile((STAGED, COMMITTED))}),
        Deaths({0: AtFile((STAGED, r"manifest"))}),
    ],
    "the first rank between the best weights and the checkpoint": [
        Deaths({0: AtFile((BEST, STAGED))}),
        Deaths({0: AtFile((BEST, STAGED))}),
    ],
    "all, at a step and in a save": [
        Deaths({1: AtStep(23)}, together=True),
        Deaths({0: AtFile((COMMITTED,))}, together=True),
    ],
    "one rank in an evaluation, another in its middle": [
        Deaths({1: AtEvaluation(2)}),
        Deaths({0: AtEvaluation(7)}),
    ],
}
CASES_OF_RANKS = [case.name for case in CASES if not any(words in case.name for words in REFUSED)]


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
@pytest.mark.parametrize("moments", NAMED)
def test_killed_at_a_chosen_moment_it_ends_the_same(
    moments: str,
    ranks: int,
    rank_trainings: RankTrainings,
    rank_reference: RankReferences,
    tmp_path: Path,
) -> None:
    reference = rank_reference(AVERAGED, ranks, bucket_bytes=SMALL_BUCKETS)
    deaths = NAMED[moments]
    assert kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths) == len(deaths)


def test_three_ranks_with_many_buckets_end_the_same(
    rank_trainings: RankTrainings, rank_reference: RankReferences, tmp_path: Path
) -> None:
    reference = rank_reference(EVERYTHING, 3, bucket_bytes=SMALL_BUCKETS)
    deaths = [
        Deaths({2: AtStep(9)}),
        Deaths({0: AtStep(3)}, together=True),
    ]
    assert kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths) == 2


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("case", CASES_OF_RANKS)
@pytest.mark.matrix
def test_each_case_killed_three_times_ends_the_same(
    case: str,
    ranks: int,
    rank_trainings: RankTrainings,
    rank_reference: RankReferences,
    tmp_path: Path,
) -> None:
    reference = rank_reference(case, ranks, bucket_bytes=SMALL_BUCKETS)
    deaths = [
        Deaths({0: AtStep(10)}, together=True),
        Deaths({ranks - 1: AtStep(8)}),
        Deaths({0: AtFile((STAGED, COMMITTED))}),
    ]
    assert kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths) == 3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("case", [REGULARIZED, ACCUMULATED, EVERYTHING])
@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.matrix
def test_killed_at_drawn_moments_it_ends_the_same(
    ranks: int,
    case: str,
    seed: int,
    rank_trainings: RankTrainings,
    rank_reference: RankReferences,
    tmp_path: Path,
) -> None:
    reference = rank_reference(case, ranks)
    moments = any_rank_deaths(reference, random.Random(f"{seed}: {case} by {ranks}"))
    deaths = [next(moments) for _ in range(4)]
    kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths)
