"""`stride sweep`: what is typed, what is answered, and what is refused before anything is made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.record import Status
from stride.store.work_dir import WorkDir
from tests.cli.conftest import Call

SMALL = ("--config", "model_kwargs.hidden_dims=4", "--config", "fit_kwargs.max_epochs=2")
LONG = ("--config", "model_kwargs.hidden_dims=4", "--config", "fit_kwargs.max_epochs=100000")
RATES = ("--config", "optimizer_kwargs.lr=1e-3,1e-2")


def test_a_grid_is_trained_shown_and_not_trained_again(
    stride_process: Call, tmp_path: Path
) -> None:
    first = stride_process("sweep", "exp", *RATES, *SMALL, "--json")
    assert first.code == 0, first.err
    said = first.json
    assert (said["sweep"], said["total"], said["counts"]) == ("lr", 2, {"completed": 2})
    assert said["metric"] == "val_accuracy"
    assert [trial["point"] for trial in said["trials"]] == [
        {"optimizer_kwargs.lr": 0.001}, {"optimizer_kwargs.lr": 0.01}]  # fmt: skip
    best = said["best"]
    assert best["value"] == max(trial["value"] for trial in said["trials"])
    config = json.loads((tmp_path / said["best_config"]).read_text())
    assert config == {
        "format": 1,
        "fit_kwargs": {"max_epochs": 2},
        "model_kwargs": {"hidden_dims": [4]},
        "optimizer_kwargs": {"lr": best["point"]["optimizer_kwargs.lr"]},
    }

    again = stride_process("sweep", "exp", *RATES, *SMALL)
    assert again.code == 0
    assert again.out.startswith(f"best: exp/{best['run']}  val_accuracy=")
    assert WorkDir(tmp_path / "exp").count() == 2

    shown = stride_process("sweep", "--show", "exp")
    assert shown.code == 0
    assert (
        "sweep lr of exp: 2 trials by grid; val_accuracy, more is better; 2 completed" in shown.out
    )

    other = stride_process("sweep", "exp", "--config", "optimizer_kwargs.lr=1e-3,1e-1", *SMALL)
    assert other.code == 2
    assert "optimizer_kwargs.lr = 0.001, 0.01, not 0.001, 0.1: give another --name" in other.err

    used = stride_process(
        "create", "--config", "work_dir=new", "--config-file", said["best_config"]
    )
    assert used.code == 0, used.err


def test_a_pruned_trial_is_completed_with_the_reason(stride_process: Call, tmp_path: Path) -> None:
    done = stride_process(
        "sweep", "exp", "--config", "optimizer_kwargs.lr=1e-2,3e-2,1e-6", *SMALL, "--metric",
        "val_loss", "--pruner", "median", "--pruner-option", "n_startup_trials=2", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["counts"] == {"completed": 2, "pruned": 1}
    pruned = done.json["trials"][2]
    assert pruned["reason"] == "pruned by median after epoch 1"
    run = WorkDir(tmp_path / "exp").run(pruned["run"])
    record = run.read_record()
    assert record.status is Status.COMPLETED
    assert record.reason == "Pruning asked to stop: pruned by median after epoch 1"
    assert [row["epoch"] for row in run.metrics.read()] == [1]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--config", "optimizer_kwargs.lrr=1,2"), "did you mean optimizer_kwargs.lr"),
        (("--config", "seed=1"), "nothing is swept"),
        ((), "has no sweep"),
        ((*RATES, "--sampler", "tpe"), "--trials N"),
        ((*RATES, "--sampler", "bayes"), "there is no sampler 'bayes'"),
        ((*RATES, "--pruner", "best"), "there is no pruner 'best'"),
        ((*RATES, "--workers", "0"), "--workers takes a whole number of at least 1"),
        ((*RATES, "--name", "../x"), "cannot be named"),
        ((*RATES, "--config", "run=x"), "numbered runs"),
        ((*RATES, "--config", "work_dir=other"), "give one"),
        ((*RATES, "--slurm-option", "time=1"), "belongs to --slurm"),
        ((*RATES, "-o", "x.png"), "picture of --show"),
        (("--config", "optimizer_kwargs.lr=log:1e-5:1e-1", "--sampler", "grid"), "a grid needs"),
        (("--sweep-file", "none.yaml"), "there is no config file none.yaml"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_made(
    stride: Call, tmp_path: Path, typed: tuple[str, ...], said: str
) -> None:
    WorkDir(tmp_path / "exp").initialize()
    before = sorted(path.name for path in tmp_path.rglob("*"))
    answer = stride("sweep", "exp", *typed)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_metric_that_is_not_measured_is_refused_before_anything_is_made(
    stride: Call, tmp_path: Path
) -> None:
    answer = stride("sweep", "exp", *RATES, "--metric", "val_los")
    assert answer.code == 2
    assert "did you mean val_loss" in answer.err
    assert not (tmp_path / "exp").exists()


def test_a_dry_run_prints_points_and_makes_nothing(stride: Call, tmp_path: Path) -> None:
    answer = stride("sweep", "exp", *RATES, "--config", "seed=range:2", "--dry-run")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "trial     lr  seed", "    0  0.001     0", "    1  0.001     1",
        "    2   0.01     0", "    3   0.01     1",
    ]  # fmt: skip
    assert "would have 4 trials by grid" in answer.err
    drawn = stride("sweep", "exp", "--config", "optimizer_kwargs.lr=log:1e-5:1e-1", "--trials", "3",
                   "--dry-run", "--json")  # fmt: skip
    assert len(drawn.json["points"]) == 3
    assert drawn.json["sampler"] == "tpe"
    assert not (tmp_path / "exp").exists()


def test_ctrl_c_stops_with_a_checkpoint_and_the_same_command_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stride", "sweep", "exp", *RATES, *LONG, "--workers", "2"]
    worker = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    runs = [WorkDir(tmp_path / "exp").path / name / "logs" / "metrics.csv" for name in "01"]
    while not all(path.exists() for path in runs):
        assert worker.poll() is None
        os.sched_yield()
    worker.send_signal(signal.SIGINT)
    _, said = worker.communicate(timeout=120)
    assert worker.returncode == 130, said
    assert "stopped by SIGINT, 2 of 2 trials left; the same command goes on" in said
    for run in WorkDir(tmp_path / "exp").runs():
        assert run.read_record().status is Status.STOPPED
        assert run.checkpoint_paths.committed()


def test_a_failed_trial_is_said_and_does_not_stop_the_others(
    stride_process: Call, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, width: int):\n"
        "        super().__init__()\n"
        "        self.width = width\n"
        "        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
        "    def forward(self, x):\n"
        "        if self.width == 2:\n"
        "            raise RuntimeError('two is too few')\n"
        "        return self.layers(x)\n"
    )
    typed = ("sweep", "exp", "--config", "model_kwargs.model_name=net.py:Net", "--config",
             "model_kwargs.width=1,2,3", "--config", "fit_kwargs.max_epochs=1")  # fmt: skip
    done = stride_process(*typed)
    assert done.code == 1
    assert "failed: RuntimeError: two is too few" in done.err
    assert "1 trial failed; --retry-failed tries again" in done.err
    shown = stride_process("sweep", "--show", "exp", "--json").json
    assert shown["counts"] == {"completed": 2, "failed": 1}
    stopped = stride_process(*typed, "--name", "other", "--stop-on-failure")
    assert stopped.code == 1
    other = stride_process("sweep", "--show", "exp", "other", "--json").json
    assert other["counts"] == {"completed": 1, "failed": 1}


@pytest.mark.parametrize("code", [0, 3])
def test_a_training_that_its_code_ends_without_a_word_is_given_up(
    code: int, stride_process: Call, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(
        "import os\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, width: int):\n"
        "        super().__init__()\n"
        "        self.width = width\n"
        "        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
        "    def forward(self, x):\n"
        "        if self.width == 2:\n"
        f"            os._exit({code})\n"
        "        return self.layers(x)\n"
    )
    done = stride_process(
        "sweep", "exp", "--config", "model_kwargs.model_name=net.py:Net", "--config",
        "model_kwargs.width=1,2", "--config", "fit_kwargs.max_epochs=1",
    )  # fmt: skip
    assert done.code == 1
    assert done.err.count("goes on") == 2
    assert "trial 1  failed: its training broke off 3 times" in done.err


def test_several_sweeps_are_told_apart_by_name(stride: Call, tmp_path: Path) -> None:
    from stride.sweep.beginning import begin_sweep
    from stride.sweep.folder import SweepFolder
    from tests.sweep.conftest import definition_of  # its sweeps are made without a training

    for name in ("a", "b"):
        begin_sweep(SweepFolder(WorkDir("exp"), name), definition_of(name=name))
    answer = stride("sweep", "--show", "exp")
    assert answer.code == 2
    assert "several sweeps, a, b: name one" in answer.err
    assert "has no sweep c; it has a, b" in stride("sweep", "--show", "exp", "c").err
    shown = stride("sweep", "--show", "exp", "b")
    assert shown.code == 0
    assert "3 not begun" in shown.out
    assert "no trial is completed yet" in shown.out
    picture = stride("sweep", "--show", "exp", "b", "-o", "b.png")
    assert picture.code == 2
    assert "no trial is completed yet" in picture.err
