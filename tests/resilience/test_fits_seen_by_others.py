"""What other processes are told of a fit: one that was killed, and one that is started twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

WAITING = """
import os
import torch
from torch.utils.data import Dataset

class Waiting(Dataset):
    '''Its sample 3 says who asks for it, and comes when there is something to read.'''

    def __init__(self, split: str, folder: str) -> None:
        self.folder = folder
        self.input_shape, self.output_shape, self.target_kind = (2,), (2,), "classes"

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int):
        if index == 3 and not os.path.exists(self.folder + "/gone"):
            with open(self.folder + "/begun", "w") as begun:
                begun.write(str(os.getpid()))
            with open(self.folder + "/go") as go:
                go.read()
        return torch.ones(2) * index, index % 2
"""
SETTINGS = (
    "dataset_kwargs.dataset_name=waiting.py:Waiting",
    "load_data_kwargs.train_loader_kwargs.shuffle=false",
    "fit_kwargs.max_epochs=1",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Holds the data set, and the pipes over which it waits."""
    (tmp_path / "waiting.py").write_text(WAITING)
    for name in ("begun", "go"):
        os.mkfifo(tmp_path / name)
    yield tmp_path
    (tmp_path / "gone").touch()


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stride", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def settings(folder: Path, *more: str) -> list[str]:
    given = ("work_dir=exp", *SETTINGS, f"dataset_kwargs.folder={folder}", *more)
    return [part for setting in given for part in ("--config", setting)]


def status(process: subprocess.Popen[str]) -> str:
    """The one run's, as `list --json` gives it."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    (run,) = json.loads(out)
    return str(run["status"])


def test_a_fit_whose_worker_outlives_it_is_crashed_for_every_reader(folder: Path) -> None:
    worker = "load_data_kwargs.train_loader_kwargs.num_workers=1"
    trainer = begin(folder, "fit", *settings(folder, worker))
    pid = int((folder / "begun").read_text())
    assert pid != trainer.pid
    assert status(begin(folder, "list", "exp", "--json")) == "running"
    trainer.kill()
    assert trainer.wait() == -signal.SIGKILL
    try:
        os.kill(pid, 0)  # it waits for its sample, and holds every descriptor of its trainer
        readers = [begin(folder, "list", "exp", "--json") for _ in range(2)]
        assert [status(reader) for reader in readers] == ["crashed"] * 2
        shutil.copytree(folder / "exp", folder / "copy")
        for path in (folder / "copy").rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert status(begin(folder, "list", "copy", "--json")) == "crashed"
    finally:
        os.kill(pid, signal.SIGKILL)
        trainer.communicate()  # the worker had its ends of the pipes too


def test_of_two_fits_of_a_run_at_once_one_trains_and_the_other_says_who(folder: Path) -> None:
    created = begin(folder, "create", *settings(folder))
    assert created.communicate()[0] == "exp/0\n"
    both = [begin(folder, "fit", "exp/0") for _ in range(2)]
    pid = int((folder / "begun").read_text())
    winner, loser = sorted(both, key=lambda process: process.pid != pid)
    assert winner.pid == pid
    refusal = loser.communicate()[1]
    assert re.search(rf"exp/0 is being (trained|started or moved) by process {pid}\b", refusal), (
        refusal
    )
    assert loser.returncode == 2
    (folder / "gone").touch()
    (folder / "go").write_text("go")
    assert winner.communicate()[0].startswith("exp/0")
    assert winner.returncode == 0
    record = json.loads((folder / "exp" / "0" / "run.json").read_text())
    assert record["status"] == "completed" and len(record["attempts"]) == 1
