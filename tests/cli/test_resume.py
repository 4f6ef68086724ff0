"""`stride resume`, `stride stop` and `stride checkpoint`."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stride.cli.resume import FIELDS
from stride.store.requests import take_request
from stride.store.run import Run
from stride.store.work_dir import WorkDir

LONG = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=100000")
Train = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Train]:
    """Starts a long training as a process of its own, and waits for its second epoch."""
    started: list[subprocess.Popen[str]] = []

    def train(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "stride", "fit", *LONG, *arguments]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("[Epoch 2/"):
                break
        return process

    yield train
    for process in started:
        with process:
            process.kill()


def test_a_training_is_asked_to_stop_and_goes_on_later(
    stride: Any, training: Train, tmp_path: Path
) -> None:
    process = training()
    asked = stride("stop", "exp/0")
    assert (asked.code, asked.out) == (0, "exp/0 is asked to stop; it looks at its log steps\n")
    _, said = process.communicate()
    assert process.returncode == 130
    assert "error: stopped by stride stop on " in said
    run = WorkDir(tmp_path / "exp").run(0)
    assert run.status().text.startswith("stopped (stopped by stride stop on ")
    step = run.read_record().progress.step
    assert run.checkpoint_paths.committed()[0].order == (step, 1)

    answer = stride(
        *("resume", "exp/0", "--config", f"fit_kwargs.max_steps={step + 30}", "--json")
    ).json
    assert set(answer) == set(FIELDS)
    assert answer["status"] == "completed"
    assert answer["progress"]["step"] == step + 30
    assert answer["config"]["fit_kwargs"]["max_steps"] == step + 30
    assert answer["changed"] == {"fit_kwargs.max_steps": {"attempt": 2, "before": None}}
    page = stride("show", "exp/0").out
    assert f"with attempt 2: fit_kwargs.max_steps={step + 30}" in page
    assert f"attempt 2 went on from step-{step:08d}" in page
    assert f"{step + 30} (by attempt 2; before it null)" in page


def test_a_training_is_asked_for_a_checkpoint_and_goes_on(
    stride: Any, training: Train, tmp_path: Path
) -> None:
    none_due = ("every_epochs=null", "every_minutes=null")
    process = training(*(f"--config=checkpoint_kwargs.{each}" for each in none_due))
    run = WorkDir(tmp_path / "exp").run(0)
    assert run.checkpoint_paths.committed() == []
    answer = stride("checkpoint", "exp/0", "--json").json
    assert (answer["address"], answer["request"]) == ("exp/0", "checkpoint")
    assert process.stderr is not None
    while not run.checkpoint_paths.committed():
        assert process.stderr.readline()
    assert process.poll() is None


def test_a_second_ctrl_c_ends_at_once_and_does_no_harm(
    stride: Any, training: Train, tmp_path: Path
) -> None:
    process = training()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert WorkDir(tmp_path / "exp").run(0).status().word == "stopped"
    again = stride("resume", "exp/0", "--config", "fit_kwargs.max_epochs=3", "--json").json
    assert (again["status"], again["progress"]["epoch"]) == ("completed", 3)


def test_a_killed_run_goes_on_and_another_process_is_kept_out(
    stride: Any, training: Train, tmp_path: Path
) -> None:
    process = training("--config=load_data_kwargs.train_loader_kwargs.batch_size=32")
    busy = stride("resume", "exp/0")
    assert (busy.code, busy.out) == (2, "")
    assert f"exp/0 is being trained by process {process.pid} on " in busy.err
    refused = stride("fit", "--continue", "exp/0")
    assert (refused.code, "being trained" in refused.err) == (2, True)
    process.kill()
    process.wait()
    done = stride("resume", "exp/0", "--config", "fit_kwargs.max_epochs=4")
    assert (done.code, done.out.startswith("exp/0  test_loss=")) == (0, True)
    outcomes = [each.outcome for each in WorkDir(tmp_path / "exp").run(0).read_record().attempts]
    assert outcomes == ["crashed", "completed"]


def test_a_copy_of_a_run_in_training_needs_a_takeover(
    stride: Any, training: Train, tmp_path: Path
) -> None:
    training()
    shutil.copytree(tmp_path / "exp" / "0", tmp_path / "exp" / "1")
    short = ("--config", "fit_kwargs.max_epochs=3")
    doubtful = stride("resume", "exp/1", *short)
    assert (doubtful.code, "--takeover" in doubtful.err) == (2, True)
    assert stride("resume", "exp/1", *short, "--takeover").code == 0


def test_without_a_checkpoint_a_run_begins_again(stride: Any, tmp_path: Path) -> None:
    short = ("--config=work_dir=exp", "--config=fit_kwargs.max_epochs=1")
    stride("create", *short)
    run = WorkDir(tmp_path / "exp").run(0)
    with pytest.raises(KeyboardInterrupt), run.start():
        run.metrics.append({"epoch": 1, "step": 20})
        raise KeyboardInterrupt
    answer = stride("resume", "exp/0")
    assert answer.code == 0
    assert "exp/0 has no checkpoint: it begins anew" in answer.err
    assert len(run.metrics_path.read_text().splitlines()) == 2


def test_a_completed_run_is_closed(stride: Any, trained: Any) -> None:
    trained()
    answer = stride("resume", "exp/0")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "exp/0 is completed, and so closed; stride fit --continue exp/0 goes on" in answer.err


def test_settings_do_not_say_which_run_is_meant(stride: Any, trained: Any) -> None:
    trained()
    answer = stride("resume", "exp/0", "--config", "work_dir=exp")
    assert (answer.code, "leave them out" in answer.err) == (2, True)


@pytest.mark.parametrize("command", ["stop", "checkpoint"])
def test_nothing_is_asked_of_a_run_that_nothing_trains(
    stride: Any, trained: Callable[..., Run], command: str
) -> None:
    run = trained()
    answer = stride(command, "exp/0")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "error: exp/0 is completed: nothing trains it\n"
    assert take_request(run.request_path(command)) is None
