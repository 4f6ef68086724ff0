"""Neighbours: what counts as one change, and what it did."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stride.config.differences import ABSENT
from stride.report.measured import read_measured
from stride.report.neighbours import Neighbourhood, find_neighbours
from stride.report.origins import origin_differences, read_origin
from stride.store.record import CodeRecord, write_record
from stride.store.work_dir import WorkDir
from tests.report.varied_runs import make_run

MLP = {"model_kwargs.model_name": "MLP", "model_kwargs.depth": 2, "model_kwargs.bias": True}
RESNET = {"model_kwargs.model_name": "ResNet", "model_kwargs.blocks": 3, "model_kwargs.bias": False}


@pytest.fixture
def exp(tmp_path: Path) -> Path:
    return tmp_path / "exp"


def neighbours(exp: Path, run: int = 0, **options: Any) -> Neighbourhood:
    measured = read_measured(WorkDir(exp), "val_loss")
    return find_neighbours(measured, measured.table.names.index(str(run)), **options)


def test_runs_that_differ_in_one_key_are_neighbours_and_repeats_are_averaged(exp: Path) -> None:
    for seed, noise in ((0, 0.0), (1, 0.01), (2, 0.03)):
        make_run(exp, 0.10 + noise, {"seed": seed, "lr": 1e-3, "depth": 2})
        make_run(exp, 0.08 + noise, {"seed": seed, "lr": 3e-4, "depth": 2})
        make_run(exp, 0.20 + noise, {"seed": seed, "lr": 1e-2, "depth": 3})
    found = neighbours(exp)
    (neighbour,) = found.neighbours
    assert (neighbour.key, neighbour.before, neighbour.after) == ("lr", 1e-3, 3e-4)
    assert math.isclose(neighbour.effect.value, -0.02)
    assert neighbour.effect.n == 3
    assert neighbour.effect.error is not None and neighbour.effect.error < 1e-9
    assert neighbour.paired
    assert found.own.rows == (0, 3, 6)
    assert neighbour.repeats.rows == (1, 4, 7)


def test_without_a_seed_in_common_the_means_are_compared(exp: Path) -> None:
    make_run(exp, 0.10, {"seed": 0, "lr": 1})
    make_run(exp, 0.12, {"seed": 1, "lr": 1})
    make_run(exp, 0.21, {"seed": 7, "lr": 2})
    (neighbour,) = neighbours(exp).neighbours
    assert not neighbour.paired
    assert (neighbour.effect.n, neighbour.effect.error) == (1, None)
    assert math.isclose(neighbour.effect.value, 0.10)


def test_runs_of_the_same_seed_and_settings_count_once(exp: Path) -> None:
    for loss in (0.1, 0.3):
        make_run(exp, loss, {"seed": 0, "lr": 1})
    make_run(exp, 0.1, {"seed": 0, "lr": 2})
    (neighbour,) = neighbours(exp).neighbours
    assert neighbour.effect.n == 1
    assert math.isclose(neighbour.effect.value, -0.1)


def test_the_best_change_comes_first(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, "lr": 1})
    for lr, loss in ((2, 0.7), (3, 0.4), (4, 0.1)):
        make_run(exp, loss, {"seed": 0, "lr": lr})
    assert [n.after for n in neighbours(exp).neighbours] == [4, 3, 2]
    measured = read_measured(WorkDir(exp), "val_accuracy")
    by_size = find_neighbours(measured, 0)
    assert by_size.mode is None
    assert [n.after for n in by_size.neighbours] == [4, 2, 3]


def test_a_changed_name_brings_its_arguments_along(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, **MLP}, chosen=("model_kwargs.depth",))
    make_run(exp, 0.4, {"seed": 0, **RESNET}, chosen=("model_kwargs.blocks",))
    (neighbour,) = neighbours(exp).neighbours
    assert neighbour.key == "model_kwargs.model_name"
    assert neighbour.following == {
        "model_kwargs.depth": (2, ABSENT),
        "model_kwargs.blocks": (ABSENT, 3),
        "model_kwargs.bias": (True, False),
    }


def test_a_setting_of_both_that_somebody_chose_is_a_change_of_its_own(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, **MLP})
    make_run(exp, 0.4, {"seed": 0, **RESNET}, chosen=("model_kwargs.bias",))
    found = neighbours(exp)
    assert found.neighbours == ()
    assert set(found.nearest) == {"model_kwargs.model_name", "model_kwargs.bias"}


def test_what_cannot_change_the_result_is_no_change(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, "lr": 1, "device": "cpu"})
    make_run(exp, 0.4, {"seed": 0, "lr": 2, "device": "cuda:1"})
    assert [n.key for n in neighbours(exp).neighbours] == ["lr"]


def test_only_completed_runs_count_unless_told(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, "lr": 1})
    make_run(exp, 0.4, {"seed": 0, "lr": 2}, completed=False)
    assert neighbours(exp).neighbours == ()
    assert [n.after for n in neighbours(exp, unfinished=True).neighbours] == [2]


def test_runs_without_a_finite_value_are_told_apart(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, "lr": 1})
    make_run(exp, math.nan, {"seed": 0, "lr": 2})
    make_run(exp, 0.4, {"seed": 0, "lr": 3})
    make_run(exp, math.inf, {"seed": 1, "lr": 3})
    found = neighbours(exp)
    assert found.without_value == (1,)
    assert [n.repeats.rows for n in found.neighbours] == [(2,)]


def test_an_experiment_of_one_run_has_no_neighbours(exp: Path) -> None:
    make_run(exp, 0.5, {"seed": 0, "lr": 1})
    found = neighbours(exp)
    assert (found.neighbours, found.nearest) == ((), ())


def test_other_code_and_data_are_found(exp: Path) -> None:
    runs = [make_run(exp, 0.5, {"seed": 0, "lr": lr}) for lr in range(3)]
    for run, digest in zip(runs, "aab", strict=True):
        record = msgspec.structs.replace(
            run.read_record(),
            code=(CodeRecord(reference="model.py:Net", digest=digest),),
            fingerprints={"train": digest},
        )
        write_record(run.record_path, record)
    own = read_origin(runs[0])
    assert origin_differences(own, [runs[1]]) == frozenset()
    assert origin_differences(own, [runs[1], runs[2]]) == {"code", "data"}
