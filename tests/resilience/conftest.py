"""What the tests of killed trainings share: the server that trains, and undisturbed trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.resilience.killing import Reference, let_be
from tests.resilience.rank_killing import RankReference, let_ranks_be
from tests.resilience.rank_trainings import RankTrainings
from tests.resilience.trainings import Trainings


@pytest.fixture(scope="session")
def trainings() -> Iterator[Trainings]:
    """Has trainings done in processes of their own; started when it is first asked."""
    with Trainings() as server:
        yield server


@pytest.fixture(scope="session")
def reference(
    trainings: Trainings, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Reference]:
    """Gives the undisturbed training of a case; each is trained once."""
    known: dict[str, Reference] = {}

    def train(case: str) -> Reference:
        if case not in known:
            folder: Path = tmp_path_factory.mktemp("reference") / "run"
            known[case] = let_be(trainings, case, folder)
        return known[case]

    return train


@pytest.fixture(scope="session")
def rank_trainings() -> Iterator[RankTrainings]:
    """Has trainings done by several ranks; started when it is first asked."""
    with RankTrainings() as server:
        yield server


RankReferences = Callable[..., RankReference]


@pytest.fixture(scope="session")
def rank_reference(
    rank_trainings: RankTrainings, tmp_path_factory: pytest.TempPathFactory
) -> RankReferences:
    """Gives the undisturbed training of a case by so many ranks; each is trained once."""
    known: dict[str, RankReference] = {}

    def train(case: str, ranks: int, **options: Any) -> RankReference:
        key = repr((case, ranks, options))
        if key not in known:
            folder: Path = tmp_path_factory.mktemp("reference") / "run"
            known[key] = let_ranks_be(rank_trainings, case, ranks, folder, **options)
        return known[key]

    return train
