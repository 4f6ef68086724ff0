"""stride.report.scaling: which trainings are compared, and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import UsageError
from stride.report.scaling import Scaling, read_scaling
from stride.store.record import CodeRecord
from stride.store.work_dir import WorkDir
from tests.report.trained_runs import SETTINGS, train, trained


def _scaling(folder: Path, *excepted: str) -> Scaling:
    return read_scaling(WorkDir(folder).runs(), excepted)


def _ranks(scaling: Scaling) -> list[list[int]]:
    return [[point.ranks for point in each.points] for each in scaling.comparisons]


def test_speed_up_and_efficiency_are_over_the_fewest_ranks(tmp_path: Path) -> None:
    trained(tmp_path, 4, [1.0, 300.0])
    trained(tmp_path, 2, [1.0, 200.0])
    trained(tmp_path, 8, [1.0, 400.0], nodes=2)
    (comparison,) = _scaling(tmp_path).comparisons
    points = [(p.ranks, p.nodes, p.speed_up, p.efficiency) for p in comparison.points]
    assert points == [(2, 1, 1.0, 1.0), (4, 1, 1.5, 0.75), (8, 2, 2.0, 0.5)]
    assert comparison.settings == {}


def test_runs_on_the_same_ranks_are_one_point_and_those_on_other_machines_another(
    tmp_path: Path,
) -> None:
    for rate in (100.0, 110.0, 150.0):
        trained(tmp_path, 2, [1.0, rate])
    trained(tmp_path, 2, [1.0, 55.0], nodes=2)
    (comparison,) = _scaling(tmp_path).comparisons
    one, two = comparison.points
    assert (one.samples_per_second, one.runs, one.epochs) == (110.0, ("0", "1", "2"), 3)
    assert (two.nodes, two.efficiency) == (2, 0.5)


def test_keys_that_change_no_result_may_differ(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0, 10.0], fit_kwargs={"threads": 2}, log_kwargs={"every": 3})
    trained(tmp_path, 2, [1.0, 20.0], fit_kwargs={"threads": 1}, log_kwargs={"every": 50})
    assert _ranks(_scaling(tmp_path)) == [[1, 2]]


def test_trainings_that_are_not_alike_are_not_compared(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 2, [1.0, 20.0], seed=1)
    trained(tmp_path, 2, [1.0, 20.0], fingerprint="sha256:bb")
    trained(tmp_path, 2, [1.0, 20.0], device="cuda:0 (NVIDIA H100)")
    run = WorkDir(tmp_path).create(SETTINGS, code=(CodeRecord(reference="m:N", digest="1"),))
    train(run, 2, [1.0, 20.0])
    found = _scaling(tmp_path)
    assert found.comparisons == ()
    assert found.left_out == {"no counterpart on other ranks": ("0", "1", "2", "3", "4")}
    for key in ("seed", "data", "device", "code"):
        assert _ranks(_scaling(tmp_path, key)) == [[1, 2]]


def test_each_training_is_a_comparison_and_told_from_the_others(tmp_path: Path) -> None:
    for seed in (0, 1):
        trained(tmp_path, 1, [1.0, 10.0], seed=seed)
        trained(tmp_path, 2, [1.0, 20.0], seed=seed)
    found = _scaling(tmp_path)
    assert _ranks(found) == [[1, 2], [1, 2]]
    assert [each.settings for each in found.comparisons] == [{"seed": 0}, {"seed": 1}]


def test_a_key_or_a_group_that_is_excepted_may_differ_and_its_values_are_told(
    tmp_path: Path,
) -> None:
    trained(tmp_path, 1, [1.0, 10.0], optimizer_kwargs={"lr": 0.1})
    trained(tmp_path, 2, [1.0, 20.0], optimizer_kwargs={"lr": 0.2})
    (comparison,) = _scaling(tmp_path, "optimizer_kwargs.lr").comparisons
    values = [point.settings for point in comparison.points]
    assert values == [{"optimizer_kwargs.lr": (0.1,)}, {"optimizer_kwargs.lr": (0.2,)}]
    assert _ranks(_scaling(tmp_path, "optimizer_kwargs")) == [[1, 2]]


def test_an_excepted_key_that_no_run_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0])
    with pytest.raises(UsageError, match=r"--except sed: no run has such a key; did you mean seed"):
        _scaling(tmp_path, "sed")


def test_a_run_that_went_on_with_other_ranks_is_compared_with_itself(tmp_path: Path) -> None:
    run = WorkDir(tmp_path).create(SETTINGS)
    train(run, 1, [1.0, 10.0], completes=False)
    train(run, 2, [1.0, 15.0], before=2)
    (comparison,) = _scaling(tmp_path).comparisons
    assert [(point.ranks, point.speed_up) for point in comparison.points] == [(1, 1.0), (2, 1.5)]


def test_runs_that_tell_nothing_are_left_out_with_the_reason(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 2, [1.0, 20.0])
    trained(tmp_path, 4, [1.0]).timings_path.unlink()
    WorkDir(tmp_path).create(SETTINGS)
    trained(tmp_path, 1, [1.0]).record_path.write_text("{")
    found = _scaling(tmp_path)
    assert _ranks(found) == [[1, 2]]
    assert found.left_out == {
        "not trained": ("3",),
        "cannot be read": ("4",),
        "no timings": ("2",),
    }


def test_a_run_of_one_epoch_counts_only_where_there_is_no_longer_one(tmp_path: Path) -> None:
    trained(tmp_path, 1, [99.0])
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 2, [20.0])
    (comparison,) = _scaling(tmp_path).comparisons
    rates = [(point.samples_per_second, point.with_start) for point in comparison.points]
    assert rates == [(10.0, False), (20.0, True)]


def test_where_nothing_was_trained_it_says_so(tmp_path: Path) -> None:
    WorkDir(tmp_path).create(SETTINGS)
    assert _scaling(tmp_path).reason == "nothing to compare: no run was trained yet"


def test_where_all_had_the_same_ranks_it_says_what_to_train(tmp_path: Path) -> None:
    trained(tmp_path, 4, [1.0], nodes=2)
    reason = _scaling(tmp_path).reason
    assert reason is not None
    assert "every run was trained on 4 ranks on 2 machines; train one more" in reason


def test_where_runs_on_other_ranks_differ_it_names_the_fewest_keys(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 2, [1.0, 20.0], seed=1, optimizer_kwargs={"lr": 0.2})
    trained(tmp_path, 2, [1.0, 20.0], optimizer_kwargs={"lr": 0.2})
    reason = _scaling(tmp_path).reason
    assert reason is not None
    assert "differ at least in optimizer_kwargs.lr as well" in reason
    assert reason.endswith("add --except optimizer_kwargs.lr")


def test_where_only_one_has_timings_it_says_so(tmp_path: Path) -> None:
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 2, [1.0]).timings_path.unlink()
    reason = _scaling(tmp_path).reason
    assert reason is not None
    assert "timings of one number of ranks only" in reason


@settings(deadline=None, max_examples=20)
@given(rates=st.lists(st.floats(1.0, 1e6), min_size=2, max_size=5))
def test_efficiency_times_ranks_is_the_speed_up(
    tmp_path_factory: pytest.TempPathFactory, rates: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("exp")
    for power, rate in enumerate(rates):
        trained(folder, 2**power, [1.0, rate])
    (comparison,) = _scaling(folder).comparisons
    for point, rate in zip(comparison.points, rates, strict=True):
        assert point.speed_up == pytest.approx(rate / rates[0])
        assert point.efficiency * point.ranks == pytest.approx(point.speed_up)
