"""A program for the tests: trains over and over, in children that are killed at random moments.

`python killed_fits.py FOLDER COUNT SEED` forks COUNT children one after another. Each trains a run
whose weights become better with nearly every epoch, and is killed by SIGKILL after its first ones;
then its run must be shown as crashed, and its weights must be those that its record tells of.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import TensorDataset

from stride.store.liveness import Life
from stride.store.work_dir import WorkDir
from stride.training.trainer import Trainer

INPUTS = torch.linspace(-1, 1, 64).reshape(16, 4)
DATA = TensorDataset(INPUTS, INPUTS.sum(1, keepdim=True))


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 1)


def train(folder: Path) -> None:
    """Train for as long as one is let."""
    settings: dict[str, Any] = {
        "fit_kwargs": {"max_epochs": 10**6, "monitors": ["val_loss:min", "train_loss:min"]},
        "optimizer_kwargs": {"lr": 1e-6},
        "log_kwargs": {"progress": False},
    }
    Trainer(folder / "exp", model=_model(), datasets={"train": DATA, "val": DATA}, **settings).fit()


def check(folder: Path, number: int) -> bool:
    """Whether the run had weights to load; that it is crashed, and they are good."""
    run = WorkDir(folder / "exp").run(number)
    assert run.status().life is Life.CRASHED, run.status()
    if not run.weights_file("best").exists():
        return False
    for weights in ("best", "best-train_loss"):
        if run.weights_file(weights).exists():
            Trainer(folder / "other", model=_model()).load_run(run.path, weights=weights)
    return True


def kill_one(folder: Path, number: int, chance: random.Random) -> None:
    """Fork a child that trains, and kill it some time after its first epoch."""
    child = os.fork()
    if child == 0:
        try:
            train(folder)
        except BaseException:  # noqa: BLE001 - whatever it is, the parent's test shows it
            traceback.print_exc()
        os._exit(70)
    metrics = folder / "exp" / str(number) / "logs" / "metrics.csv"
    while not metrics.exists():
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child ended by itself"
        time.sleep(0.002)
    time.sleep(chance.random() * 0.1)  # any moment will do
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def main(folder: Path, count: int, seed: int) -> None:
    """Kill `count` trainings; check after each."""
    torch.set_num_threads(1)  # a pool of threads does not outlive a fork
    chance = random.Random(seed)
    loaded = 0
    for number in range(count):
        kill_one(folder, number, chance)
        loaded += check(folder, number)
    assert loaded > count // 2, loaded


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
