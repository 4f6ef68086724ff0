"""A small experiment of every released format is read, compared and used as on its first day."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
FORMATS = sorted(path.name for path in DATA.glob("format_*"))


@pytest.fixture(params=FORMATS)
def experiment(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy, so that the one that is kept stays as it was written."""
    return shutil.copytree(DATA / request.param, tmp_path / "exp")


def stride(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stride", *arguments], cwd=folder, capture_output=True, text=True
    )


def test_there_is_one_of_the_first_format() -> None:
    assert "format_1" in FORMATS


def test_all_runs_are_listed_with_their_status(experiment: Path) -> None:
    rows = json.loads(stride("list", "exp", "--json", folder=experiment.parent).stdout)
    status = {row["run"]: row["status"] for row in rows}
    assert status == {"0": "completed", "faster": "completed", "1": "created", "2": "failed"}


@pytest.mark.parametrize(
    "command",
    [("show", "exp/0"), ("show", "exp/2"), ("log", "exp/faster"), ("diff", "exp/0", "exp/faster")],
)
def test_what_is_read_is_read(experiment: Path, command: tuple[str, ...]) -> None:
    done = stride(*command, folder=experiment.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_its_weights_are_verified_and_measure_what_was_recorded(experiment: Path) -> None:
    done = stride("load-run", "exp/faster", "--evaluate", "val", folder=experiment.parent)
    assert done.returncode == 0, done.stderr
    assert "digest verified" in done.stdout
    assert "what was recorded holds" in done.stdout


def test_a_run_that_was_created_then_is_trained_now(experiment: Path) -> None:
    done = stride("fit", "exp/1", folder=experiment.parent)
    assert done.returncode == 0, done.stderr
    assert (experiment / "1/results/metrics.json").exists()
