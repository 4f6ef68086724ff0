"""SIGKILL at any moment of any write leaves what was there or what is new, never a part."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from stride.files import is_temporary
from stride.store.work_dir import WorkDir

PROGRAM = Path(__file__).with_name("killed.py")


def kill(kind: str, folder: Path, count: int) -> None:
    seed = random.randrange(2**32)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), kind, str(folder), str(count), str(seed)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"seed {seed}\n{done.stderr}"


def test_a_hundred_kills_while_creating_leave_whole_consecutive_runs(tmp_path: Path) -> None:
    kill("create", tmp_path, 100)
    experiment = WorkDir(tmp_path / "exp")
    runs = list(experiment.runs())
    assert len(runs) >= 100  # each child made one at least
    assert experiment.create({}).number == len(runs)
    assert list(experiment.staging_path.iterdir()) == []  # that creation cleared what was left
    assert [path.name for path in experiment.path.iterdir() if is_temporary(path.name)] == []


@pytest.mark.parametrize(
    ("kind", "count"),
    [("found", 30), ("write", 100), ("exclude", 30), ("append", 100), ("cut", 30), ("attempt", 60)],
)
def test_kills_while_writing_leave_all_whole(tmp_path: Path, kind: str, count: int) -> None:
    kill(kind, tmp_path, count)


def test_kills_while_labelling_lose_no_tag_and_block_nobody(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    kill("label", run.path, 30)
    tags = run.read_labels().tags
    assert run.write_labels(add_tags=("last",)).tags == (*tags, "last")
