"""A training that goes on with another number of ranks: with the same batches, and it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.store.record import Status
from stride.store.run import Run
from tests.resilience.deaths import AtStep
from tests.resilience.rank_trainings import Deaths, RankTrainings
from tests.resilience.trainings import run_in

CALM = "random augmentation"
"""Nothing is drawn where the model is: sums of gradients differ in their last bits only."""

DRAWING = [
    "a task with parameters, buffers, unfreezing and a metric of its own",
    "averaged weights, evaluated between epochs",
    "two optimisers",
]


def columns(run: Run) -> dict[str, list[tuple[str, ...]]]:
    """What the tables say of each step, as numbers in text."""
    return {
        table.path.name: [tuple(map(str, row.values())) for row in table.read()]
        for table in (run.steps, run.metrics)
    }


def train_resharded(
    trainings: RankTrainings,
    folder: Path,
    case: str,
    ranks: list[int],
    strategy: str = "replicate",
) -> Run:
    """Train with so many ranks one after the other, each killed after some steps but the last.

    Checkpoints are written while training waits: which is the newest at a kill is no chance.
    """
    folder.mkdir()
    settings = {"distributed_kwargs": {"strategy": strategy}}
    overrides = {"checkpoint_kwargs.background": False}
    for number, count in enumerate(ranks):
        last = number == len(ranks) - 1
        deaths = None if last else Deaths({0: AtStep(16)}, together=True)
        endings = trainings.train(
            folder, case, count, deaths, settings=settings, overrides=overrides
        )
        assert endings.killed != last, endings.output
        assert not last or endings.codes == [0] * count, endings.output
    return run_in(folder)


@pytest.mark.parametrize(
    ("ranks", "strategy"),
    [
        ([2, 1, 3], "replicate"),
        *(
            pytest.param(ranks, strategy, marks=pytest.mark.matrix)
            for ranks in ([1, 2, 4], [2, 1, 4])
            for strategy in ("replicate", "shard")
        ),
    ],
    ids=str,
)
def test_each_step_has_the_batch_that_it_would_have_had(
    ranks: list[int], strategy: str, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    run = train_resharded(rank_trainings, tmp_path / "resharded", CALM, ranks, strategy)
    record = run.read_record()
    assert record.status is Status.COMPLETED
    assert [attempt.world_size for attempt in record.attempts] == ranks
    assert all(attempt.checkpoint for attempt in record.attempts[1:])
    alone = train_resharded(rank_trainings, tmp_path / "alone", CALM, [1])
    told, expected = columns(run), columns(alone)
    for name in told:
        assert len(told[name]) == len(expected[name])
        for row, other in zip(told[name], expected[name], strict=True):
            assert [float(each) for each in row] == pytest.approx(
                [float(each) for each in other], rel=1e-3, abs=1e-4
            )


def test_each_attempt_says_with_how_many_ranks_it_goes_on(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    record = train_resharded(
        rank_trainings, tmp_path / "resharded", DRAWING[0], [2, 1, 3]
    ).read_record()
    assert record.status is Status.COMPLETED
    assert [attempt.world_size for attempt in record.attempts] == [2, 1, 3]
    assert [attempt.notes for attempt in record.attempts] == [
        (),
        (
            "goes on with 1 rank instead of 2: with the same batches; what dropout and the like"
            " draw begins anew",
        ),
        (
            "goes on with 3 ranks instead of 1: with the same batches; what dropout and the like"
            " draw begins anew",
        ),
    ]


@pytest.mark.parametrize(
    ("case", "strategy"),
    [(case, "replicate") for case in DRAWING[1:]] + [(case, "shard") for case in DRAWING[:2]],
)
@pytest.mark.matrix
def test_it_comes_to_its_end(
    case: str, strategy: str, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    run = train_resharded(rank_trainings, tmp_path / "resharded", case, [2, 1, 4, 3], strategy)
    assert run.read_record().status is Status.COMPLETED
    assert [row["step"] for row in run.steps.read()] == [*range(3, 61, 3)]


@pytest.mark.parametrize("strategy", ["replicate", "shard"])
@pytest.mark.matrix
def test_what_is_drawn_anew_is_a_function_of_where_it_goes_on(
    strategy: str, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    runs = [
        train_resharded(rank_trainings, tmp_path / name, DRAWING[1], [2, 3], strategy)
        for name in ("a", "b")
    ]
    assert columns(runs[0]) == columns(runs[1])
