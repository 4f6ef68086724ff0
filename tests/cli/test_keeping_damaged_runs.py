"""Whatever is damaged in an experiment, each command that keeps runs answers in its own words."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed, stopped

COMMANDS = (
    ("tag", "exp/0", "x"),
    ("note", "exp/1", "y"),
    ("trash", "exp"),
    ("prune", "exp", "--keep", "last", "--yes"),
    ("doctor", "exp"),
    ("doctor", "exp", "--deep", "--fix"),
    ("export", "exp/0", "-o", "a.tar"),
    ("export", "exp", "-o", "b.zip", "--checkpoints"),
    ("import", "a.tar", "other"),
    ("import", "b.zip", "other", "--skip-existing"),
    ("rm", "exp/0"),
    ("rm", "exp/0-9"),
    ("restore", "exp/0"),
    ("restore", "exp/base"),
    ("purge", "exp", "--dry-run"),
    ("rm", "exp", "--where", "lr > 0", "--yes"),
    ("purge", "exp", "--yes"),
)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size + 1)])


def _nonsense(path: Path) -> None:
    path.write_bytes(random.randbytes(random.randrange(200)))


def _wrong_types(path: Path) -> None:
    path.write_text(random.choice(["[]", "3", '{"format": "1"}', '{"format": 1, "id": 3}']))


def _newer(path: Path) -> None:
    path.write_text('{"format": 99, "id": 3, "files": []}')


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink() if path.is_file() else shutil.rmtree(path)
    path.symlink_to(random.choice(["/etc", "/etc/passwd", "..", "nowhere", path.name]))


def _gone(path: Path) -> None:
    path.unlink() if path.is_file() else shutil.rmtree(path)


OF_FILES: tuple[Callable[[Path], None], ...] = (
    _cut, _nonsense, _wrong_types, _newer, _folder, _link, _gone,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_no_damage_makes_a_traceback_or_leads_out(stride: Any, tmp_path: Path, seed: int) -> None:
    random.seed(seed)
    (tmp_path / "precious").write_text("mine")
    experiment = WorkDir("exp")
    for run in (completed(experiment), stopped(experiment)):
        for step in (10, 20):
            add_checkpoint(run, step)
    completed(experiment, name="base")
    stride("rm", "exp/base")
    for _ in range(random.randrange(1, 7)):
        there = [path for path in experiment.path.rglob("*") if not path.is_symlink()]
        path = random.choice(there)
        random.choice(OF_FILES if path.is_file() else (_link, _gone))(path)
    for command in random.sample(COMMANDS, len(COMMANDS)):
        answer = stride(*command)
        assert answer.code in (0, 2, 3), (command, answer)
        assert "Traceback" not in answer.err
    assert (tmp_path / "precious").read_text() == "mine"
    known = {"precious", "exp", "other", "a.tar", "b.zip"}
    assert {path.name for path in tmp_path.iterdir()} <= known
