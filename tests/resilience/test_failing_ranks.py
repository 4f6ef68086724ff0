"""A rank that fails ends all others, and the run says what happened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stride.store.liveness import Life
from stride.store.record import Status
from tests.resilience.comparison import wounds
from tests.resilience.deaths import AtEvaluation, AtFile, AtStep, Death
from tests.resilience.rank_trainings import Deaths, Endings, RankTrainings
from tests.resilience.trainings import run_in

CASE = "dropout and batch norm"
UNEVEN = "losses that are not finite are skipped"
PARTS = Path(__file__).parent / "own_rank_parts.py"


def train_faulty(
    trainings: RankTrainings, folder: Path, what: str, *, ranks: int = 2, **options: Any
) -> Endings:
    """Train on data that is faulty on the last rank."""
    dataset = {"dataset_name": f"{PARTS}:Faulty", "what": what, "rank": ranks - 1}
    settings = {"dataset_kwargs": dataset, **options.pop("settings", {})}
    return trainings.train(folder, CASE, ranks, settings=settings, **options)


def failure_of(folder: Path, endings: Endings) -> str:
    """What the run says of its end: all have ended, it failed, and it is whole."""
    assert endings.left == (), endings.output
    assert 0 not in endings.codes, endings.output
    run = run_in(folder)
    record = run.read_record()
    assert record.status is Status.FAILED, endings.output
    assert wounds(run) == []
    assert record.error is not None
    return record.error.message


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("raise", "failed: ValueError: sample "),
        ("exit", "failed: SystemExit: the user's code has had enough"),
    ],
)
def test_a_rank_that_raises_is_named(
    what: str, words: str, ranks: int, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = train_faulty(rank_trainings, tmp_path, what, ranks=ranks)
    said = failure_of(tmp_path, endings)
    assert said.startswith(f"rank {ranks - 1} on ")
    assert words in said


def test_a_rank_whose_worker_raises_is_named(rank_trainings: RankTrainings, tmp_path: Path) -> None:
    workers = {"load_data_kwargs": {"train_loader_kwargs": {"num_workers": 1}}}
    endings = train_faulty(rank_trainings, tmp_path, "raise", settings=workers)
    said = failure_of(tmp_path, endings)
    assert said.startswith("rank 1 on ")
    assert "is broken" in said


@pytest.mark.parametrize(
    "death",
    [AtStep(1), AtStep(33, "before"), AtEvaluation(2), AtFile((r"rank1\.log",))],
    ids=str,
)
def test_a_rank_that_is_killed_is_named(
    death: Death, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, CASE, 2, Deaths({1: death}))
    assert endings.ranks[1].killed, endings.output
    said = failure_of(tmp_path, endings)
    assert said.startswith("rank 1 on ")
    assert "ended without a word: it was killed" in said


def test_a_rank_that_hangs_is_ended_with_all_others(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = train_faulty(rank_trainings, tmp_path, "hang", patience=1.0)
    said = failure_of(tmp_path, endings)
    assert said.startswith("rank 1 on ")
    assert "did not come: another rank has waited 1 seconds for" in said
    assert "(__getitem__)" in run_in(tmp_path).log_path(1).read_text()  # where it was


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
def test_where_the_first_rank_is_killed_the_run_is_crashed_and_nobody_is_left(
    ranks: int, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, CASE, ranks, Deaths({0: AtStep(20)}))
    assert endings.ranks[0].killed
    assert endings.left == ()
    assert 0 not in endings.codes, endings.output
    assert all("rank 0 on " in rank.output for rank in endings.ranks[1:]), endings.output
    run = run_in(tmp_path)
    assert run.status().life is Life.CRASHED
    assert wounds(run) == []


def test_data_that_one_rank_cannot_load_leaves_no_run(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = train_faulty(rank_trainings, tmp_path, "load")
    assert endings.codes == [1, 1], endings.output
    assert endings.left == ()
    sentence = "FileNotFoundError: there is no such folder on this machine"
    assert all(sentence in rank.output for rank in endings.ranks)
    assert not (tmp_path / "exp").exists()


def test_a_disk_that_is_full_ends_all_and_is_named(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    large = {"model_kwargs": {"hidden": 512}}  # weights of 30 kB
    endings = rank_trainings.train(tmp_path, CASE, 2, settings=large, largest_file=20_000)
    assert "best.safetensors" in failure_of(tmp_path, endings)
    assert "rank 0 on " in endings.ranks[1].output


def test_ranks_with_other_data_are_refused(rank_trainings: RankTrainings, tmp_path: Path) -> None:
    endings = train_faulty(rank_trainings, tmp_path, "less")
    assert endings.codes == [1, 1], endings.output
    sentence = "DataError: rank 1 has 159 samples of train and rank 0 has 160: all ranks must be"
    assert all(sentence in rank.output for rank in endings.ranks), endings.output
    assert not (tmp_path / "exp").exists()


def test_what_all_ranks_find_wrong_is_said_by_each_as_it_is(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    batches = {"load_data_kwargs": {"train_loader_kwargs": {"batch_size": 12}}}
    endings = rank_trainings.train(tmp_path, CASE, 3, settings=batches)  # 160 samples: 4 are left
    assert endings.codes == [1, 1, 1], endings.output
    sentence = "ConfigError: the last batch of an epoch would have 1 sample (160 in batches of 12,"
    assert all(f"errors.{sentence}" in rank.output for rank in endings.ranks), endings.output
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
def test_a_loss_that_is_no_number_on_one_rank_ends_all_at_its_step(
    ranks: int, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = train_faulty(rank_trainings, tmp_path, "nan", ranks=ranks)
    said = failure_of(tmp_path, endings)
    assert re.match(r"the loss is not finite at step \d+ \(epoch 1, samples (\d+, ){7}", said)
    assert len({rank.steps for rank in endings.ranks}) == 1
    assert all("NonFiniteError: the loss" in rank.output for rank in endings.ranks)


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
def test_a_loss_that_is_no_number_on_one_rank_is_skipped_by_all(
    ranks: int, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    skip = {"fit_kwargs": {"on_nonfinite": "skip"}}
    endings = train_faulty(rank_trainings, tmp_path, "nan", ranks=ranks, settings=skip)
    assert endings.codes == [0] * ranks, endings.output
    run = run_in(tmp_path)
    skipped = [row["skipped"] for row in run.steps.read() if row.get("skipped") is not None]
    assert sum(int(str(each)) for each in skipped) == 1
    assert wounds(run) == []
