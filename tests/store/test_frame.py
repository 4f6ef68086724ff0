"""The runs of an experiment as a pandas table."""

from __future__ import annotations

import math
from pathlib import Path

from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir


def test_a_table_has_a_row_a_run_with_its_config_and_metrics(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for lr in (0.1, 0.2):
        run = experiment.create({"optimizer_kwargs": {"lr": lr}})
        with run.start() as attempt:
            attempt.sign(metrics={"loss": lr * 2, "gap": math.inf})
            attempt.best(BestRecord(monitor="val_loss", mode="min", value=lr))
    experiment.create({"other": [1, 2]}, name="named")
    frame = experiment.frame()
    assert list(frame["run"]) == ["0", "1", "named"]
    assert list(frame["status"]) == ["completed", "completed", "created"]
    assert frame["config.optimizer_kwargs.lr"].tolist()[:2] == [0.1, 0.2]
    assert frame["last.gap"].tolist()[0] == math.inf
    assert frame["best.val_loss"].min() == 0.1
    assert math.isnan(frame["best.val_loss"].tolist()[2])


def test_a_key_is_what_the_newest_attempt_made_of_it(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    with experiment.create({"lr": 0.1}).start(overrides=("lr=0.5",)):
        pass
    experiment.create({"lr": 0.1})
    assert experiment.frame()["config.lr"].tolist() == [0.5, 0.1]


def test_a_damaged_run_is_a_row_that_says_so(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({}).record_path.write_bytes(b"")
    experiment.create({})
    assert list(experiment.frame()["status"]) == ["unreadable", "created"]


def test_an_empty_experiment_is_an_empty_table(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    assert len(experiment.frame()) == 0
