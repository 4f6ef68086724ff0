"""Two ranks that `stride fit` starts: stopped, killed, and left by their launcher."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stride.store.run import Run
from stride.store.work_dir import WorkDir

LONG = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=100000")
SHORT = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=3")
Training = Callable[..., tuple["subprocess.Popen[str]", list[psutil.Process]]]


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    """Starts a long training on two ranks, waits for its second epoch, and gives the launcher and
    its ranks.
    """
    started: list[subprocess.Popen[str]] = []

    def train(*arguments: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "stride", "fit", *LONG, "--nproc-per-node", "2", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("[Epoch 2/"):
            assert line, "the training ended"
        ranks = {
            int(rank.environ()["RANK"]): rank for rank in psutil.Process(process.pid).children()
        }
        return process, [ranks[0], ranks[1]]

    yield train
    for process in started:
        with process:
            process.kill()


def run_of(folder: Path) -> Run:
    return WorkDir(folder / "exp").run(0)


def test_two_ranks_train_one_run_and_one_of_them_answers(
    stride_process: Any, tmp_path: Path
) -> None:
    answer = stride_process("fit", *SHORT, "--nproc-per-node", "2", "--json")
    assert answer.code == 0
    assert answer.json["status"] == "completed"
    assert answer.err.startswith("2 ranks on 1 node, started by stride\n")
    assert answer.err.count("[Epoch 3/3]") == 1
    assert [entry.name for entry in (tmp_path / "exp").glob("[0-9]*")] == ["0"]
    assert run_of(tmp_path).read_record().attempt.world_size == 2


@pytest.mark.parametrize("receiver", ["launcher", "rank 0", "rank 1"])
def test_sigterm_stops_all_with_a_checkpoint(
    training: Training, stride_process: Any, tmp_path: Path, receiver: str
) -> None:
    process, ranks = training()
    receivers = {"launcher": process, "rank 0": ranks[0], "rank 1": ranks[1]}
    receivers[receiver].send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, out) == (75, "")
    assert err.count("error: ") == 1
    run = run_of(tmp_path)
    assert run.status().text == "stopped (stopped by SIGTERM)"
    step = run.read_record().progress.step
    assert run.checkpoint_paths.committed()[0].order[0] == step
    further = ("--config", f"fit_kwargs.max_steps={step + 5}", "--nproc-per-node", "2", "--json")
    assert stride_process("resume", "exp/0", *further).json["progress"]["step"] == step + 5


def test_ctrl_c_is_a_persons_wish(training: Training, tmp_path: Path) -> None:
    process, _ = training()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert run_of(tmp_path).status().word == "stopped"


def test_a_killed_rank_fails_the_run_which_says_so(training: Training, tmp_path: Path) -> None:
    process, ranks = training()
    ranks[1].kill()
    _, err = process.communicate()
    assert process.returncode == 137
    assert "error: exp/0 failed: rank 1 was killed by SIGKILL" in err
    assert not any(rank.is_running() for rank in ranks)
    assert (
        run_of(tmp_path).status().text == "failed (RankFailedError: rank 1 was killed by SIGKILL)"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ranks look for it by themselves")
def test_a_killed_launcher_leaves_nothing(training: Training, tmp_path: Path) -> None:
    process, ranks = training()
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(ranks, timeout=60)
    assert alive == []
    assert run_of(tmp_path).status().word == "crashed"


def test_ranks_that_were_started_with_other_configs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "import os, sys\n"
        "from stride.cli.app import run\n"
        'sys.argv += ["--config", f"seed={os.environ[\'RANK\']}"]\n'
        "run()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("RANK", None)
    (tmp_path / "launch.py").write_text(
        "import os, sys\n"
        "from stride.cli.launcher import Launcher\n"
        "command = [sys.executable, 'wrong.py', *sys.argv[1:]]\n"
        "sys.exit(Launcher(command, 2, environment=dict(os.environ), note=print).run().code)\n"
    )
    command = [sys.executable, "launch.py", "fit", *SHORT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "error: rank 1 was started with another config than rank 0: start all" in done.stderr
    assert not (tmp_path / "exp").exists()


def test_torchrun_is_seen_by_itself(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, "--nproc-per-node", "2", "-m", "stride", "fit", *SHORT]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2 ranks on 1 node, started by torchrun\n" in done.stderr
    assert done.stdout.startswith("exp/0  test_loss=")
    assert done.stdout.count("\n") == 1
    assert run_of(tmp_path).read_record().attempt.launcher == "stride fit by torchrun"
