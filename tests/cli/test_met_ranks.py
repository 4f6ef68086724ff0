"""Ranks that a foreign launcher starts meet before they read anything: what one cannot do ends all,
and is said once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stride.store.record import Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir

FAULTY = """
import os, signal, sys
from torch import nn

def end():
    {end}

if os.environ["RANK"] == "{rank}":
    end()

class Net(nn.Linear):
    def __init__(self, inputs: int = 64, outputs: int = 10) -> None:
        super().__init__(inputs, outputs)
"""
MODEL = ("--config", "work_dir=exp", "--config", "model_kwargs.model_name=faulty.py:Net")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Ranks = Callable[..., list[Ended]]


@pytest.fixture
def ranks(tmp_path: Path) -> Iterator[Ranks]:
    """Starts two ranks as torchrun would, but looks after neither, and waits for both."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> list[Ended]:
        with socket.socket() as holding:  # the port is nobody else's, and rank 0 can listen there
            holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holding.bind(("127.0.0.1", 0))
            place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
            place["MASTER_PORT"] = str(holding.getsockname()[1])
            for rank in ("0", "1"):
                process = subprocess.Popen(
                    [sys.executable, "-m", "stride", *arguments],
                    cwd=tmp_path,
                    env=os.environ | place | {"RANK": rank, "LOCAL_RANK": rank},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                started.append(process)
            said = [process.communicate() for process in started]
        return [
            Ended(process.returncode, *texts) for process, texts in zip(started, said, strict=True)
        ]

    yield run
    for process in started:
        with process:
            process.kill()


def write_model(folder: Path, end: str, *, rank: int = 1) -> None:
    (folder / "faulty.py").write_text(FAULTY.format(end=end, rank=rank))


def run_of(folder: Path) -> Run:
    return WorkDir(folder / "exp").run(0)


def errors(ended: Ended) -> list[str]:
    return [line for line in ended.err.splitlines() if "started by torchrun" not in line]


def test_what_was_typed_wrong_is_said_once(ranks: Ranks, tmp_path: Path) -> None:
    first, second = ranks("fit", "--config", "work_dir=exp", "--config", "fit_kwargs.max_epoch=2")
    assert (first.code, second.code) == (2, 2)
    assert first.err.splitlines()[1].startswith("error: unknown key fit_kwargs.max_epoch")
    assert (second.out, second.err) == ("", "")


def test_what_one_rank_cannot_import_is_said_by_the_first(ranks: Ranks, tmp_path: Path) -> None:
    write_model(tmp_path, "raise ModuleNotFoundError('no module of this name on this machine')")
    first, second = ranks("fit", *MODEL)
    assert (first.code, second.code) == (2, 2)
    [error] = errors(first)
    assert error.startswith(f"error: rank 1 on {socket.gethostname()}: ")
    assert "no module of this name on this machine" in error
    assert (second.out, second.err) == ("", "")
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("killed", [0, 1])
def test_a_rank_that_is_killed_while_it_plans_ends_the_other(
    killed: int, ranks: Ranks, tmp_path: Path
) -> None:
    write_model(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", rank=killed)
    ended = ranks("fit", *MODEL)
    assert (ended[killed].code, ended[1 - killed].code) == (-9, 1)
    assert f"rank {killed} on " in ended[1 - killed].err
    assert "ended without a word: it was killed" in ended[1 - killed].err
    assert not (tmp_path / "exp").exists()


def test_a_rank_whose_code_ends_it_while_it_plans_ends_the_other(
    ranks: Ranks, tmp_path: Path
) -> None:
    write_model(tmp_path, "os._exit(5)")
    first, second = ranks("fit", *MODEL)
    assert (first.code, second.code) == (1, 5)
    assert "error: rank 1 on " in first.err


def test_data_that_one_rank_cannot_load_is_said_once(ranks: Ranks, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import os, torch\n"
        "from torch.utils.data import TensorDataset\n"
        "from stride.errors import DataError\n"
        "class Data(TensorDataset):\n"
        "    def __init__(self, split: str) -> None:\n"
        "        if os.environ['RANK'] == '1':\n"
        "            raise DataError('there is no such folder on this machine')\n"
        "        super().__init__(torch.randn(64, 1, 8, 8), torch.arange(64) % 10)\n"
    )
    first, second = ranks(
        "fit", "--config", "work_dir=exp", "--config", "dataset_kwargs.dataset_name=own.py:Data"
    )
    assert first.code == 1
    assert (second.code, second.out, second.err) == (2, "", "")
    assert first.err.count("there is no such folder on this machine") == 1
    assert not (tmp_path / "exp").exists()


def test_what_fails_in_the_code_of_one_rank_is_shown_there_and_said_by_the_first(
    ranks: Ranks, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        "import os, torch\n"
        "from torch.utils.data import Dataset\n"
        "class Data(Dataset):\n"
        "    output_shape = (10,)\n"
        "    def __init__(self, split: str) -> None:\n"
        "        self.split = split\n"
        "    def __len__(self) -> int:\n"
        "        return 64\n"
        "    def __getitem__(self, index: int):\n"
        "        if (os.environ['RANK'], self.split, index) == ('1', 'train', 40):\n"
        "            raise ValueError('it is broken')\n"
        "        return torch.randn(1, 8, 8), index % 10\n"
    )
    first, second = ranks(
        "fit", "--config", "work_dir=exp", "--config", "dataset_kwargs.dataset_name=own.py:Data"
    )
    assert (first.code, second.code) == (1, 1)
    said = f"error: exp/0 failed: rank 1 on {socket.gethostname()} failed: ValueError: it is broken"
    assert said in first.err
    assert "Traceback" in second.err and "ValueError: it is broken" in second.err
    assert "error: " not in second.err
    assert run_of(tmp_path).read_record().status is Status.FAILED


def test_what_is_completed_is_said_by_the_first(ranks: Ranks, tmp_path: Path) -> None:
    named = ("--config", "work_dir=exp", "--config", "run=x", "--config", "fit_kwargs.max_steps=2")
    subprocess.run(
        [sys.executable, "-m", "stride", "fit", *named],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    first, second = ranks("fit", *named, "--resume")
    assert (first.code, second.code) == (0, 0)
    assert first.err.endswith("exp/x is completed already\n")
    assert first.out.startswith("exp/x  test_loss=")
    assert (second.out, second.err) == ("", "")
