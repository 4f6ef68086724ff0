"""What one rank is asked, all do, at the same step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.store.record import Status
from stride.store.run import Run
from stride.training.checkpoints.reading import read_newest
from tests.resilience.comparison import differences
from tests.resilience.deaths import AtEvaluation, AtStep, Death
from tests.resilience.rank_killing import RankReference
from tests.resilience.rank_trainings import Deaths, Endings, RankTrainings
from tests.resilience.trainings import run_in

AVERAGED = "averaged weights, evaluated between epochs"
PLATEAU = "plateau and early stopping"
PARTS = Path(__file__).parent / "own_rank_parts.py"
ENDLESS = {"fit_kwargs.max_epochs": 100_000, "log_kwargs.every": 5}


def check_stopped(run: Run, endings: Endings, reason: str) -> None:
    """All have stopped at one step, of which there is a checkpoint, for that reason."""
    record, newest = run.read_record(), read_newest(run)
    assert (record.status, record.reason) == (Status.STOPPED, reason)
    assert record.progress is not None and newest is not None
    assert record.progress.step == newest.manifest.position.step
    assert len({rank.steps for rank in endings.ranks}) == 1


@pytest.mark.parametrize(
    ("death", "code"),
    [
        (AtStep(4, signal="SIGTERM"), 75),
        pytest.param(AtStep(4, signal="SIGUSR1"), 75, marks=pytest.mark.matrix),
        (AtStep(4, signal="SIGINT"), 130),
        (AtEvaluation(3, signal="SIGTERM"), 75),
    ],
    ids=str,
)
@pytest.mark.parametrize(("ranks", "asked"), [(2, 1), pytest.param(3, 0, marks=pytest.mark.matrix)])
def test_a_signal_to_one_stops_all_and_they_go_on_to_the_same_bits(
    ranks: int,
    asked: int,
    death: Death,
    code: int,
    rank_trainings: RankTrainings,
    rank_reference: Callable[..., RankReference],
    tmp_path: Path,
) -> None:
    reference = rank_reference(AVERAGED, ranks)
    endings = rank_trainings.train(tmp_path, AVERAGED, ranks, Deaths({asked: death}))
    assert endings.codes == [code] * ranks, endings.output
    name = getattr(death, "signal", "")
    reason = "interrupted" if name == "SIGINT" else f"stopped by {name}"
    check_stopped(run_in(tmp_path), endings, reason)
    assert rank_trainings.train(tmp_path, AVERAGED, ranks).codes == [0] * ranks
    assert differences(run_in(tmp_path), run_in(reference.folder)) == []


def train_with(trainings: RankTrainings, folder: Path, callback: str, **settings: Any) -> Endings:
    overrides = {**ENDLESS, "log_kwargs.callbacks": [f"{PARTS}:{callback}"], **settings}
    return trainings.train(folder, AVERAGED, 2, overrides=overrides)


def test_stride_stop_stops_all(rank_trainings: RankTrainings, tmp_path: Path) -> None:
    endings = train_with(rank_trainings, tmp_path, "Calls")
    assert endings.codes == [130, 130], endings.output
    run = run_in(tmp_path)
    check_stopped(run, endings, str(run.read_record().reason))
    assert str(run.read_record().reason).startswith("stopped by stride stop")


def test_a_watcher_that_asks_for_the_end_ends_all(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = train_with(rank_trainings, tmp_path, "Asks")
    assert endings.codes == [0, 0], endings.output
    record = run_in(tmp_path).read_record()
    assert (record.status, record.reason) == (
        Status.COMPLETED,
        "Asks asked to stop: it is good enough",
    )
    assert endings.ranks[0].steps == endings.ranks[1].steps < 100


def test_early_stopping_ends_all(
    rank_trainings: RankTrainings, rank_reference: Callable[..., RankReference]
) -> None:
    reference = rank_reference(PLATEAU, 2)
    record = run_in(reference.folder).read_record()
    assert record.status is Status.COMPLETED
    assert "val_loss" in str(record.reason)
    assert len({rank.steps for rank in reference.endings.ranks}) == 1
