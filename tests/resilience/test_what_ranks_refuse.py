"""What several ranks cannot do is refused before there is a run, and what they can is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.store.record import Status
from tests.resilience.rank_trainings import RankTrainings
from tests.resilience.trainings import run_in

PARTS = Path(__file__).parent / "own_rank_parts.py"
CASE = "dropout and batch norm"
SHORT = {"fit_kwargs.max_steps": 2}


def with_fit(strategy: str = "replicate", **fit: Any) -> dict[str, Any]:
    return {"fit_kwargs": fit, "distributed_kwargs": {"strategy": strategy}}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (with_fit(on_out_of_memory="split"), "fit_kwargs.on_out_of_memory=split is for"),
        (with_fit("shard", on_out_of_memory="split"), "fit_kwargs.on_out_of_memory=split is for"),
        (
            {"model_kwargs": {"model_name": f"{PARTS}:Sparse"}},
            "Embedding has sparse gradients, which ranks cannot add up",
        ),
        (with_fit("shard", precision="fp16"), "fit_kwargs.precision=fp16 cannot be sharded"),
        (
            {"distributed_kwargs": {"activation_checkpointing": True}},
            "distributed_kwargs.activation_checkpointing is said of weights that are sharded",
        ),
        (
            {"distributed_kwargs": {"shard": ["Linear"]}},
            "distributed_kwargs.shard is said of weights that are sharded",
        ),
    ],
)
def test_what_does_not_combine_is_refused_before_there_is_a_run(
    settings: dict[str, Any], sentence: str, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, CASE, 2, settings=settings)
    assert endings.codes == [1, 1]
    assert all(f"ConfigError: {sentence}" in rank.output for rank in endings.ranks), endings.output
    assert not (tmp_path / "exp").exists()


def test_data_that_cannot_be_shared_is_refused_before_there_is_a_run(
    rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, "an iterable data set that knows where it is", 2)
    assert endings.codes == [1, 1]
    assert "the train data is iterated over, and cannot be shared among 2 ranks" in endings.output
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize(
    "settings",
    [
        with_fit(precision="fp16"),
        with_fit("shard", precision="bf16", clip_norm=1.0, accumulate=2),
        {"optimizer_kwargs": {"optimizer_name": "Rprop"}},
        {"optimizer_kwargs": {"optimizer_name": "Adafactor"}},
    ],
    ids=str,
)
@pytest.mark.matrix
def test_what_combines_is_trained(
    settings: dict[str, Any], rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    endings = rank_trainings.train(tmp_path, CASE, 2, settings=settings, overrides=SHORT)
    assert endings.codes == [0, 0], endings.output
    assert run_in(tmp_path).read_record().status is Status.COMPLETED
