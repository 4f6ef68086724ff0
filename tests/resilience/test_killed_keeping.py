"""SIGKILL before any change that rm, restore, purge, prune, export, import and doctor make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killed_keeping.py")
ROOT = PROGRAM.parents[2]


@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        ("remove", 4),
        ("restore", 2),
        ("purge", 10),
        ("prune", 5),
        ("pack", 3),
        pytest.param("unpack", 50, marks=pytest.mark.matrix),
        pytest.param("mend", 8, marks=pytest.mark.matrix),
    ],
)
def test_a_kill_before_any_change_loses_no_run_and_the_work_can_be_done_again(
    tmp_path: Path, kind: str, kills: int
) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), kind, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= kills
