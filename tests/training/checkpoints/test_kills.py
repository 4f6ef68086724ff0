"""A process that is killed inside of a save loses that save, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def survive(folder: Path, count: int, seed: int) -> None:
    program = [sys.executable, "-m", "tests.training.checkpoints.saving"]
    done = subprocess.run(
        [*program, str(folder), str(count), str(seed)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "survived\n", done.stderr


@pytest.mark.parametrize("seed", range(2))
def test_after_any_kill_the_newest_checkpoint_is_whole(tmp_path: Path, seed: int) -> None:
    survive(tmp_path, 15, seed)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(10, 16))
def test_after_many_kills_the_newest_checkpoint_is_whole(tmp_path: Path, seed: int) -> None:
    survive(tmp_path, 100, seed)
