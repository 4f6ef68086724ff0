"""Metrics of many runs, and what is said of several values."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import UsageError
from stride.report.measured import difference_of, mean_of, read_measured
from stride.store.work_dir import WorkDir
from tests.report.varied_runs import make_run

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6)
by_seed = st.dictionaries(st.integers(0, 4), st.floats(-1e3, 1e3), min_size=1)


@given(values)
def test_a_mean_lies_among_its_values_and_one_value_has_no_error(numbers: list[float]) -> None:
    mean = mean_of(numbers)
    assert min(numbers) - 1e-9 <= mean.value <= max(numbers) + 1e-9
    assert mean.n == len(numbers)
    assert (mean.error is None) == (len(numbers) == 1)


@given(by_seed, by_seed)
def test_a_difference_turns_its_sign_when_the_sides_are_exchanged(
    first: dict[int, float], second: dict[int, float]
) -> None:
    there, paired = difference_of(first, second)
    back, paired_back = difference_of(second, first)
    assert paired == paired_back == bool(first.keys() & second.keys())
    assert there.n == back.n
    assert math.isclose(there.value, -back.value, abs_tol=1e-9)


@given(by_seed, st.floats(-10, 10))
def test_what_a_seed_does_to_both_sides_is_no_part_of_the_difference(
    first: dict[int, float], shift: float
) -> None:
    difference, paired = difference_of(first, {seed: v + shift for seed, v in first.items()})
    assert paired
    assert math.isclose(difference.value, shift, abs_tol=1e-6)
    assert difference.error is None or difference.error < 1e-6


def test_a_metric_is_named_as_in_queries(tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.25, {"seed": 0})
    make_run(tmp_path / "exp", None, {"seed": 1})
    work_dir = WorkDir(tmp_path / "exp")
    for name in ("val_loss", "metric.val_loss", "last.val_loss", "min.val_loss", "best.val_loss"):
        assert read_measured(work_dir, name).values == (0.25, None)
    assert read_measured(work_dir, "test.loss").values == (0.5, None)
    assert read_measured(work_dir, "metric.val_loss").name == "val_loss"
    for name in ("val_los", "seed", "config.seed", "status"):
        with pytest.raises(UsageError, match=f"{name}"):
            read_measured(work_dir, name)


def test_the_direction_is_the_monitors(tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.25, {"seed": 0})
    work_dir = WorkDir(tmp_path / "exp")
    assert read_measured(work_dir, "val_loss").modes() == {"min"}
    assert read_measured(work_dir, "last.val_loss").modes() == {"min"}
    assert read_measured(work_dir, "val_accuracy").modes() == set()


def test_only_completed_runs_with_a_finite_value_count(tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.25, {"seed": 0})
    make_run(tmp_path / "exp", math.nan, {"seed": 1})
    make_run(tmp_path / "exp", None, {"seed": 2})
    make_run(tmp_path / "exp", 0.5, {"seed": 3}, completed=False)
    measured = read_measured(WorkDir(tmp_path / "exp"), "val_loss")
    assert measured.usable(range(4)) == [0]
    assert measured.usable(range(4), unfinished=True) == [0, 3]
