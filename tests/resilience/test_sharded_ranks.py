"""A training whose weights are spread over ranks: what whole ones give, and exact after a kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from stride.training.checkpoints.reading import read_newest
from stride.training.checkpoints.shard_names import shards_among
from stride.training.weights import decode_weights
from tests.resilience.deaths import BEST, COMMITTED, STAGED, AtEvaluation, AtFile, AtStep
from tests.resilience.rank_killing import RankReference, kill_ranks
from tests.resilience.rank_trainings import Deaths, RankTrainings
from tests.resilience.trainings import run_in

RankReferences = Callable[..., RankReference]

REGULARIZED = "dropout and batch norm"
AVERAGED = "averaged weights, evaluated between epochs"
ACCUMULATED = "accumulation with a short last window"
CLIPPED = "warm-up, one cycle, momentum, clipping by value"
OWN_TASK = "a task with parameters, buffers, unfreezing and a metric of its own"
BF16 = "bf16"
SKIPPED = "losses that are not finite are skipped"
IN_FRONT = "one checkpoint, written while training waits"
EVERYTHING = "everything at once"

SHARDED: Mapping[str, Any] = {"distributed_kwargs": {"strategy": "shard"}}
ONE_BATCH: Mapping[str, Any] = {
    "load_data_kwargs": {f"{split}_loader_kwargs": {"batch_size": 999} for split in ("val", "test")}
}
"""Of each evaluation: all ranks but the first have none of their own."""

OPTIONS: Mapping[str, Any] = {"settings": SHARDED}


def _sharded(case: str) -> Mapping[str, Any]:
    larger = {"train_loader_kwargs": {"batch_size": 24, "drop_last": True}}
    own = {"load_data_kwargs": larger} if case == EVERYTHING else {}
    return {"settings": {**SHARDED, **own}}


@pytest.mark.parametrize(
    ("case", "sharding", "common"),
    [
        (AVERAGED, {}, {}),
        (ACCUMULATED, {"shard": ["Linear"], "activation_checkpointing": True}, {}),
        (CLIPPED, {}, ONE_BATCH),
    ],
)
def test_it_becomes_what_whole_weights_become(
    case: str,
    sharding: Mapping[str, Any],
    common: Mapping[str, Any],
    rank_reference: RankReferences,
) -> None:
    # One epoch: rounding grows from step to step.
    overrides = {"fit_kwargs.max_epochs": 1}
    both = {"strategy": "shard", **sharding}
    sharded, whole = (
        run_in(rank_reference(case, 2, settings=settings, overrides=overrides).folder)
        for settings in ({**common, "distributed_kwargs": both}, common)
    )
    for table in ("steps", "metrics"):
        rows, expected = (getattr(run, table).read() for run in (sharded, whole))
        assert len(rows) == len(expected) > 0
        for row, other in zip(rows, expected, strict=True):
            assert row.keys() == other.keys()
            for name, value in row.items():
                assert float(str(value)) == pytest.approx(float(str(other[name])), rel=1e-3)
    for name in ("best", "last"):
        files = [run.weights_file(f"{name}.safetensors") for run in (sharded, whole)]
        tensors, others = (decode_weights(path.read_bytes(), path) for path in files)
        assert tensors.keys() == others.keys()
        for key, tensor in tensors.items():
            torch.testing.assert_close(tensor, others[key], rtol=0.0, atol=0.02)


@pytest.mark.parametrize(
    "case",
    [
        AVERAGED,
        *(
            pytest.param(each, marks=pytest.mark.matrix)
            for each in (REGULARIZED, ACCUMULATED, CLIPPED, OWN_TASK, BF16, SKIPPED, IN_FRONT)
        ),
        EVERYTHING,
    ],
)
@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.matrix)])
def test_killed_in_a_step_and_in_a_save_it_ends_the_same(
    case: str,
    ranks: int,
    rank_trainings: RankTrainings,
    rank_reference: RankReferences,
    tmp_path: Path,
) -> None:
    reference = rank_reference(case, ranks, **_sharded(case))
    deaths = [
        Deaths({0: AtStep(10)}, together=True),
        Deaths({ranks - 1: AtStep(8)}),
        Deaths({0: AtFile((STAGED, COMMITTED))}),
    ]
    assert kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths) > 1


@pytest.mark.parametrize(
    "deaths",
    [
        [Deaths({0: AtFile((BEST, STAGED))}), Deaths({1: AtFile((r"tensors-00002",))})],
        [Deaths({1: AtEvaluation(2)}), Deaths({0: AtEvaluation(7)})],
    ],
)
@pytest.mark.matrix
def test_killed_between_files_and_in_an_evaluation_it_ends_the_same(
    deaths: list[Deaths],
    rank_trainings: RankTrainings,
    rank_reference: RankReferences,
    tmp_path: Path,
) -> None:
    reference = rank_reference(AVERAGED, 2, **OPTIONS)
    assert kill_ranks(rank_trainings, reference, tmp_path / "killed", deaths) == 2


@pytest.mark.matrix
@pytest.mark.parametrize("story", [(2, 1, 3), (3, 2), (1, 2)])
def test_it_goes_on_with_another_number_of_ranks(
    story: tuple[int, ...], rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    for epoch, ranks in enumerate(story, start=1):
        endings = rank_trainings.train(
            tmp_path,
            AVERAGED,
            ranks,
            overrides={
                "checkpoint_kwargs.background": False,  # there is one when the ranks are killed
                **({"fit_kwargs.max_epochs": 3} if epoch == len(story) else {}),
            },
            deaths=Deaths({0: AtStep(12)}, together=True) if epoch < len(story) else None,
            **OPTIONS,
        )
        killed = epoch < len(story)
        assert endings.killed == killed and (killed or not any(endings.codes)), endings.output
        found = read_newest(run_in(tmp_path))
        assert found is not None
        assert found.manifest.position.world_size == ranks
        assert len(shards_among(found.manifest.files)) == (ranks if ranks > 1 else 0)
    results = run_in(tmp_path).read_results()
    assert results["test_loss"] < 1.2


def test_what_cannot_be_sharded_is_refused_before_there_is_a_run(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, "LBFGS", 2, **OPTIONS)
    assert 0 not in endings.codes
    assert "LBFGS, which evaluates the loss by itself, cannot be sharded" in endings.output
    assert not (tmp_path / "exp" / "x").exists()
