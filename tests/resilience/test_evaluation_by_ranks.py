"""An evaluation gives the same bits on any number of ranks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.resilience.rank_trainings import RankTrainings


@pytest.mark.parametrize(("samples", "batch_size"), [(5, 2), (5, 64), (1001, 16), (1001, 334)])
def test_it_gives_the_same_bits_on_any_number_of_ranks(
    samples: int, batch_size: int, rank_trainings: RankTrainings, tmp_path: Path
) -> None:
    arguments = {"samples": samples, "batch_size": batch_size}
    (alone,) = rank_trainings.play(tmp_path, "measure", 1, arguments).values
    assert set(alone) == {
        *(f"classes.{name}" for name in ("loss", "accuracy", "spread")),
        *(f"numbers.{name}" for name in ("loss", "mae", "mse", "rmse", "r2", "spread")),
    }
    assert not any("nan" in value for value in alone.values())
    for ranks in (2, 3, 5):
        endings = rank_trainings.play(tmp_path, "measure", ranks, arguments)
        assert list(endings.values) == [alone] * ranks, endings.output
