"""A disk that is full for one rank: that costs a checkpoint, or ends all with one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.store.record import Status
from tests.resilience.comparison import broken_checkpoints, checkpoint_folders, differences, wounds
from tests.resilience.deaths import COMMITTED, AtFile, AtStep
from tests.resilience.rank_killing import RankReference
from tests.resilience.rank_trainings import Deaths, Endings, RankTrainings
from tests.resilience.trainings import run_in

CASE = "a state that is larger than the weights"
FITS_TABLES = 20_000
"""Bytes: less than the weights have, and than the part of the state that each of two ranks has."""
FITS_WEIGHTS = 45_000
"""Bytes: more than the weights have, less than the state, and than each half of it."""
TOO_LARGE = "larger than the limit allows"

Settings = dict[str, Any]
WHOLE: Settings = {}
SHARDED: Settings = {"distributed_kwargs": {"strategy": "shard"}}


def kill_after_two_checkpoints(trainings: RankTrainings, folder: Path, settings: Settings) -> None:
    folder.mkdir()
    deaths = Deaths({0: AtFile((COMMITTED,), 3)})
    endings = trainings.train(folder, CASE, 2, deaths, settings=settings)
    assert endings.killed, endings.output


def lines_of(folder: Path, words: str) -> list[str]:
    return [line for line in run_in(folder).log_path().read_text().splitlines() if words in line]


def check_all_ended(endings: Endings) -> None:
    assert endings.left == (), endings.output
    assert 0 not in endings.codes, endings.output


@pytest.mark.parametrize(
    ("settings", "rank", "size"),
    [
        pytest.param(WHOLE, 0, FITS_WEIGHTS, id="the first, whole", marks=pytest.mark.matrix),
        pytest.param(SHARDED, 0, FITS_WEIGHTS, id="the first, sharded", marks=pytest.mark.matrix),
        pytest.param(SHARDED, 1, FITS_TABLES, id="the second, sharded"),
    ],
)
def test_a_checkpoint_that_does_not_fit_costs_nothing_else(
    settings: Settings,
    rank: int,
    size: int,
    rank_trainings: RankTrainings,
    rank_reference: Any,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    kill_after_two_checkpoints(rank_trainings, folder, settings)
    run = run_in(folder)
    before = checkpoint_folders(run)
    limits = {"settings": settings, "largest_file": {rank: size}}
    endings = rank_trainings.train(folder, CASE, 2, Deaths({1: AtStep(25)}), **limits)
    assert endings.killed and endings.left == (), endings.output
    assert lines_of(folder, TOO_LARGE) != []
    assert checkpoint_folders(run) == before
    assert wounds(run) == []
    endings = rank_trainings.train(folder, CASE, 2, **limits)
    assert endings.codes == [0, 0], endings.output
    assert checkpoint_folders(run) == before
    assert broken_checkpoints(run) == []
    reference: RankReference = rank_reference(CASE, 2, settings=settings)
    others = [
        line
        for line in differences(run, run_in(reference.folder))
        if not line.startswith(("the last checkpoint", "state."))
    ]
    assert others == []


def test_a_log_and_a_screen_that_take_nothing_cost_nothing_else(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, CASE, 2, largest_file={1: 0})
    assert endings.codes == [0, 0], endings.output
    assert run_in(tmp_path).read_record().status is Status.COMPLETED


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(WHOLE, id="whole", marks=pytest.mark.matrix),
        pytest.param(SHARDED, id="sharded"),
    ],
)
def test_weights_that_do_not_fit_end_all_ranks_and_they_go_on_when_there_is_space(
    settings: Settings, rank_trainings: RankTrainings, rank_reference: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    kill_after_two_checkpoints(rank_trainings, folder, settings)
    run = run_in(folder)
    before = checkpoint_folders(run)
    limits = {"settings": settings, "largest_file": {0: FITS_TABLES}}
    endings = rank_trainings.train(folder, CASE, 2, **limits)
    check_all_ended(endings)
    record = run.read_record()
    assert record.status is Status.FAILED
    assert record.error is not None and TOO_LARGE in record.error.message
    assert TOO_LARGE in endings.ranks[1].output
    assert checkpoint_folders(run) == before
    assert wounds(run) == []
    assert rank_trainings.train(folder, CASE, 2, settings=settings).codes == [0, 0]
    reference: RankReference = rank_reference(CASE, 2, settings=settings)
    assert differences(run, run_in(reference.folder)) == []
