"""A real fit that is killed, interrupted, or whose disk is full: the run tells the truth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from stride.store.liveness import Life
from stride.store.record import Status
from stride.store.work_dir import WorkDir
from stride.training.trainer import Trainer

DATA = """
import os
import torch
from torch.utils.data import Dataset, get_worker_info

class Numbers(Dataset):
    output_shape = (2,)

    def __init__(self, split: str) -> None:
        self.split = split

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int):
        if self.split == "train" and index == 0 and get_worker_info() is not None:
            print("worker", os.getpid(), flush=True)
        return torch.full((4,), float(index)), index % 2
"""
FIT = """
import sys
from stride import Trainer

Trainer(
    sys.argv[1],
    dataset_kwargs={"dataset_name": sys.argv[2] + ":Numbers"},
    load_data_kwargs={"train_loader_kwargs": {"num_workers": int(sys.argv[3])}},
    model_kwargs={"hidden_dims": [4]},
    fit_kwargs={"max_epochs": 10**6},
    log_kwargs={"every": 1},
).fit()
"""
FULL_DISK = """
import resource, signal, sys
from stride import Trainer

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
Trainer(sys.argv[1], model_kwargs={"hidden_dims": [512]}, fit_kwargs={"max_epochs": 1}).fit()
"""


def _begin(folder: Path, workers: int) -> subprocess.Popen[str]:
    (folder / "data.py").write_text(DATA)
    return subprocess.Popen(
        [sys.executable, "-c", FIT, str(folder / "exp"), str(folder / "data.py"), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_fit_that_was_killed_is_crashed_though_its_workers_live_on(tmp_path: Path) -> None:
    process = _begin(tmp_path, workers=2)
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[0] == "worker", process.communicate()[1]
    os.kill(int(words[1]), signal.SIGSTOP)  # it cannot notice that its trainer is gone
    run = WorkDir(tmp_path / "exp").run(0)
    assert run.status().life is Life.ALIVE
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    os.kill(int(words[1]), 0)
    verdict = run.status()
    assert (verdict.status, verdict.life) == (Status.RUNNING, Life.CRASHED)
    os.kill(int(words[1]), signal.SIGKILL)
    process.communicate()


def test_the_workers_of_a_fit_that_was_killed_go_away_by_themselves(tmp_path: Path) -> None:
    process = _begin(tmp_path, workers=2)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("worker"), process.communicate()[1]
    process.kill()
    process.communicate()  # comes back when nobody has the other end of the pipes any more
    assert WorkDir(tmp_path / "exp").run(0).status().life is Life.CRASHED


def test_ctrl_c_ends_at_the_edge_of_a_step_with_whole_weights(tmp_path: Path) -> None:
    process = _begin(tmp_path, workers=0)
    assert process.stderr is not None
    while "[Epoch 2/" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert "stopping after this step; Ctrl-C again stops at once" in errors
    run = WorkDir(tmp_path / "exp").run(0)
    record = run.read_record()
    assert (record.status, record.reason) == (Status.STOPPED, "interrupted")
    assert record.progress is not None
    steps = run.steps.read()
    assert steps[-1]["step"] == record.progress.step
    assert "interrupted" in run.log_path().read_text()
    for weights in ("best", "last"):
        Trainer(tmp_path / "other").load_run(run.path, weights=weights)


def test_weights_and_their_digests_agree_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    program = Path(__file__).with_name("killed_fits.py")
    command = [sys.executable, str(program), str(tmp_path), "12", "0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_weights_that_do_not_fit_on_the_disk_fail_the_run_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "exp")]
    done = subprocess.run(command, capture_output=True, text=True)
    sentence = "best.safetensors: the file would be larger than the limit allows"
    assert done.returncode == 1
    assert done.stderr.count(sentence) == 1
    run = WorkDir(tmp_path / "exp").run(0)
    record = run.read_record()
    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.message.endswith(sentence)
    assert list(run.weights_path.iterdir()) == []
    assert len(run.metrics.read()) == 1
    assert sentence in run.log_path().read_text()
