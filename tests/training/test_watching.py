"""Callbacks in a training: named in the config, told in order, and no part of what is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.errors import CodeReferenceError, ConfigError
from stride.store.run import Run
from stride.training.trainer import Trainer

WATCHERS = """
import random
from pathlib import Path

import numpy as np
import torch

from stride import Callback, EpochEnded, FitBegins, StepLogged, StopRequest


class Notes(Callback):
    def __init__(self, file: Path) -> None:
        self.file = file

    def observe(self, moment):
        torch.rand(3), np.random.rand(), random.random()
        with self.file.open("a") as stream:
            stream.write(f"{type(moment).__name__} {getattr(moment, 'step', '')}\\n")
        if isinstance(moment, EpochEnded):
            self.last = moment


class Fails(Callback):
    def observe(self, moment):
        if isinstance(moment, StepLogged):
            raise ValueError("this one is broken")


class Stops(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def observe(self, moment):
        if isinstance(moment, StepLogged) and moment.step >= self.step:
            return StopRequest("that is enough")


class Refuses(Callback):
    def __init__(self, level: int = 3) -> None:
        raise ValueError("no such level")

    def observe(self, moment):
        pass
"""


@pytest.fixture
def watchers(tmp_path: Path) -> Path:
    path = tmp_path / "watchers.py"
    path.write_text(WATCHERS)
    return path


def fit(folder: Path, callbacks: list[Any], **fit_kwargs: Any) -> Run:
    """Two epochs of the digits, 10 steps each, a log row every 4."""
    trainer = Trainer(
        folder / "exp",
        device="cpu",
        load_data_kwargs={"train_loader_kwargs": {"batch_size": 128}},
        model_kwargs={"hidden_dims": [16], "dropouts": 0.1},
        fit_kwargs={"max_epochs": 2, **fit_kwargs},
    )
    return trainer.fit({"log_kwargs": {"every": 4, "progress": False, "callbacks": callbacks}})


def test_a_callback_of_ones_own_is_told_all_moments_in_order(
    watchers: Path, tmp_path: Path
) -> None:
    element = {"callback_name": f"{watchers}:Notes", "file": str(tmp_path / "notes.txt")}
    run = fit(tmp_path, [element])
    told = (tmp_path / "notes.txt").read_text().splitlines()
    order = [line for line in told if not line.startswith("CheckpointSaved")]
    assert order == [
        "FitBegins ",
        "StepLogged 4",
        "StepLogged 8",
        "EpochEnded 10",
        "StepLogged 12",
        "StepLogged 16",
        "StepLogged 20",
        "EpochEnded 20",
        "FitEnded ",
    ]
    saved = [line for line in told if line.startswith("CheckpointSaved")]
    assert saved == ["CheckpointSaved 10", "CheckpointSaved 20"]
    (code,) = run.read_record().code
    assert (code.reference, code.path) == (f"{watchers}:Notes", str(watchers))
    assert run.read_config()["log_kwargs"]["callbacks"] == [element]


def test_a_run_is_the_same_bits_whoever_watches(watchers: Path, tmp_path: Path) -> None:
    notes = {"callback_name": f"{watchers}:Notes", "file": str(tmp_path / "notes.txt")}
    alone = fit(tmp_path, [])
    watched = fit(tmp_path, [notes, f"{watchers}:Fails", "tensorboard"])
    for path in ("metrics_path", "steps_path"):
        assert getattr(watched, path).read_bytes() == getattr(alone, path).read_bytes()
    last = [run.weights_file("last").read_bytes() for run in (alone, watched)]
    assert last[0] == last[1]


def test_one_that_fails_is_in_the_log_once_and_the_training_completes(
    watchers: Path, tmp_path: Path
) -> None:
    run = fit(tmp_path, [f"{watchers}:Fails"])
    assert run.status().text == "completed"
    log = run.log_path().read_text()
    assert log.count("Fails failed when told StepLogged") == 1
    assert "ValueError: this one is broken" in log
    assert f"{watchers}:" in log


def test_a_request_ends_the_training_as_completed_with_the_reason(
    watchers: Path, tmp_path: Path
) -> None:
    run = fit(tmp_path, [{"callback_name": f"{watchers}:Stops", "step": 4}])
    assert run.status().text == "completed (Stops asked to stop: that is enough)"
    assert [row["step"] for row in run.metrics.read()] == [4]


@pytest.mark.parametrize(
    ("element", "sentence"),
    [
        ("tensorbord", "did you mean tensorboard"),
        ("watchers.py:Note", "did you mean"),
        ("watchers.py:Path", "is a class and no callback"),
        ({"callback_name": "watchers.py:Stops"}, "callbacks.0.step is needed"),
        ({"callback_name": "watchers.py:Stops", "step": "often"}, "step must be an integer"),
        ({"callback_name": "watchers.py:Stops", "stop": 3}, "did you mean step"),
        ("watchers.py:Refuses", "log_kwargs.callbacks.0: "),
    ],
)
def test_what_a_person_got_wrong_is_said_before_there_is_a_run(
    watchers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    element: Any,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, CodeReferenceError), match=sentence):
        fit(tmp_path, [element])
    assert not (tmp_path / "exp" / "0").exists()
