"""The columns of a table of runs."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from stride.errors import NotAnExperimentError, RunNotFoundError
from stride.store.index.column import MISSING
from stride.store.index.part import Part
from stride.store.index.read import read_index
from stride.store.record import BestRecord, ErrorRecord, Parent, TrialRecord
from stride.store.row import read_row
from stride.store.work_dir import WorkDir
from tests.store.index.written_runs import LATER, attempt, let_time_pass, write_run


@pytest.fixture
def kept(tmp_path: Path) -> WorkDir:
    """An experiment of stride's own making: a run that was trained, and one that was only made."""
    experiment = WorkDir(tmp_path / "exp")
    parent = Parent(relation="weights", work_dir="old", run="3", id="abc")
    trial = TrialRecord(sweep="rates", study="s1", trial=7)
    run = experiment.create({"lr": 0.1, "model": {"dims": [64, 8]}}, parents=(parent,), sweep=trial)
    run.write_labels(add_tags=("good", "long"), note="a note")
    with run.start() as began:
        run.metrics.append({"epoch": 1, "step": 10, "val_loss": 0.5, "val_accuracy": math.nan})
        run.metrics.append({"epoch": 2, "step": 20, "val_loss": 0.7, "val_accuracy": math.inf})
        began.sign(step=20, epoch=2, max_epochs=2, metrics={"val_loss": 0.7, "lr": 0.01})
        began.best(
            BestRecord(monitor="val_loss", mode="min", value=0.5, metrics={"train_loss": math.inf})
        )
        began.best(BestRecord(monitor="val_accuracy", mode="max", value=math.nan))
    run.save_results({"test_accuracy": 0.75, "test_loss": math.inf})
    experiment.create({"lr": 1, "model": None}, name="untrained")
    return experiment


def values(experiment: WorkDir, name: str, *parts: Part) -> list[Any]:
    table = read_index(experiment, parts)
    return [table.columns[name].value(row) for row in range(len(table))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("run.name", ["0", "untrained"]),
        ("run.number", [0, MISSING]),
        ("run.status", ["completed", "created"]),
        ("run.stored_status", ["completed", "created"]),
        ("run.tags", [("good", "long"), ()]),
        ("run.note", ["a note", MISSING]),
        ("run.epoch", [2, MISSING]),
        ("run.max_epochs", [2, MISSING]),
        ("run.step", [20, MISSING]),
        ("run.attempts", [1, 0]),
        ("run.parents", [("abc",), ()]),
        ("run.sweep", ["rates", MISSING]),
        ("run.trial", [7, MISSING]),
        ("run.chosen", [("lr", "model.dims"), ("lr", "model")]),
        ("run.monitor", ["val_loss", MISSING]),
        ("run.mode", ["min", MISSING]),
        ("config.lr", [0.1, 1]),
        ("config.model.dims", [[64, 8], MISSING]),
        ("config.model", [MISSING, None]),
        ("metric.val_loss", [0.5, MISSING]),
        ("metric.train_loss", [math.inf, MISSING]),
        ("last.val_loss", [0.7, MISSING]),
        ("last.lr", [0.01, MISSING]),
        ("best.val_loss", [0.5, MISSING]),
    ],
)
def test_a_column_has_what_the_runs_have(name: str, expected: list[Any], kept: WorkDir) -> None:
    found = values(kept, name)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_metric_that_is_no_number_is_a_float(kept: WorkDir) -> None:
    value = values(kept, "best.val_accuracy")[0]
    assert isinstance(value, float)
    assert math.isnan(value)


def test_parts_are_read_when_they_are_asked_for(kept: WorkDir) -> None:
    names = set(read_index(kept).columns)
    assert not {name for name in names if name.startswith(("min.", "max.", "test."))}
    assert values(kept, "min.val_loss", Part.TABLES) == [0.5, MISSING]
    assert values(kept, "max.val_accuracy", Part.TABLES) == [math.inf, MISSING]
    assert values(kept, "test.test_accuracy", Part.RESULTS) == [0.75, MISSING]
    assert values(kept, "test.test_loss", Part.RESULTS, Part.TABLES) == [math.inf, MISSING]


def test_a_run_without_a_best_has_its_newest_metrics(experiment: WorkDir) -> None:
    write_run(experiment, "0", 0, best=[])
    assert values(experiment, "metric.val_loss")[:2] == [0.5, 0.26]


def test_seconds_are_those_of_the_attempts_that_ended(experiment: WorkDir) -> None:
    running = attempt(number=3, ended=None)
    write_run(experiment, "0", 0, attempts=[attempt(), attempt(number=2), running])
    write_run(experiment, "1", 1, attempts=[running])
    write_run(experiment, "2", 2, attempts=[attempt(ended="at noon")])
    assert values(experiment, "run.seconds")[:4] == [121.0, MISSING, MISSING, 60.5]


def test_an_error_is_told_with_its_type(experiment: WorkDir) -> None:
    error = {"type": "ValueError", "message": "no such batch", "where": None}
    write_run(experiment, "0", 0, status="failed", error=error)
    assert ErrorRecord(**error).type == "ValueError"
    assert values(experiment, "run.error")[:2] == ["ValueError: no such batch", MISSING]


def test_numbers_that_compare_equal_stay_what_they_are(experiment: WorkDir) -> None:
    settings: list[Any] = [1, 1.0, True, 0, -0.0, 0.0, False, None, "1", [1], [1.0], 2**80]
    for number, setting in enumerate(settings):
        path = write_run(experiment, str(number), number).config_path
        path.write_text(json.dumps({"format": 1, "x": setting}))
    for _ in range(2):
        table = read_index(experiment, moment=LATER)
        column = table.columns["config.x"]
        assert list(map(repr, column.values[1:])) == list(map(repr, settings))
        assert list(column.codes) == list(range(1, 13))


@pytest.mark.parametrize("count", [255, 256, 257])
def test_a_column_has_room_for_any_number_of_values(count: int, tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    for number in range(count):
        write_run(experiment, str(number), number)
    for _ in range(2):
        table = read_index(experiment, moment=LATER)
        ids = table.columns["run.id"]
        assert [int(ids.value(row), 16) for row in range(count)] == list(range(count))


def test_a_column_that_no_run_has_any_more_is_gone(experiment: WorkDir) -> None:
    run = write_run(experiment, "5", 5)
    run.config_path.write_text('{"format": 1, "only": {"here": 1}}')
    assert "config.only.here" in read_index(experiment, moment=LATER).columns
    let_time_pass(experiment.path)
    shutil.rmtree(run.path)
    assert "config.only.here" not in read_index(experiment, moment=LATER).columns


def test_what_is_said_of_a_running_run_is_found_out_at_that_moment(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    run = experiment.create({"lr": 0.1})
    with run.start():
        table = read_index(experiment, moment=LATER)
        assert table.columns["run.status"].value(0) == "running"
    assert table.columns["run.status"].value(0) == "running"
    read_index(experiment, moment=LATER)

    child = os.fork()
    if child == 0:
        WorkDir(tmp_path / "exp").create({"lr": 0.2}).start()
        os._exit(0)
    os.waitpid(child, 0)
    table = read_index(experiment, moment=LATER)
    again = read_index(experiment, moment=LATER)
    for each in (table, again):
        assert each.columns["run.stored_status"].value(1) == "running"
        assert each.columns["run.status"].value(1) == "crashed"


def test_a_run_that_cannot_be_read_says_why_in_the_words_of_a_listing(experiment: WorkDir) -> None:
    for number, name in enumerate(["run.json", "config.json", "labels.json"]):
        (experiment.path / str(number) / name).write_text('{"format": 99}')
    (experiment.path / "3" / "run.json").unlink()
    (experiment.path / "4" / "config.json").write_text("[" * 100_000)
    table = read_index(experiment)
    for row in range(12):
        told = read_row(table.run(row))
        problem = table.columns["run.problem"].value(row)
        assert problem == (told.problem or MISSING)
        assert table.columns["run.status"].value(row) == told.status


def test_a_row_gives_its_run(experiment: WorkDir) -> None:
    table = read_index(experiment)
    assert table.run(11).address == f"{experiment.address}/11"
    assert table.run(11).read_record().id == table.columns["run.id"].value(11)


def test_a_folder_that_is_no_experiment_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        read_index(WorkDir(tmp_path / "exp"))
    (tmp_path / "exp").mkdir()
    with pytest.raises(NotAnExperimentError):
        read_index(WorkDir(tmp_path / "exp"))
    assert list((tmp_path / "exp").iterdir()) == []
