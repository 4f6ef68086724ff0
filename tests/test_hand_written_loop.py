"""The store serves a loop that is not ours, in about ten lines and without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.work_dir import WorkDir

EXAMPLE = Path(__file__).parents[1] / "examples" / "hand_written_loop.py"


def test_the_example_trains_a_run_and_leaves_its_metrics_and_results(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "exp"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("exp/0\n", "")
    run = WorkDir(tmp_path / "exp").run(0)
    rows = run.metrics.read()
    record = run.read_record()
    assert run.status().text == "completed"
    assert [row["epoch"] for row in rows] == list(range(60))
    assert record.progress is not None
    assert (record.progress.step, record.progress.max_steps) == (60, 60)
    assert record.last == {"train_loss": rows[-1]["train_loss"]}
    assert run.read_results()["slope"] == pytest.approx(2.0, abs=0.05)
    assert run.read_results()["offset"] == pytest.approx(1.0, abs=0.2)


def test_the_example_runs_where_torch_is_not_installed(tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.modules['torch'] = None; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code, str(EXAMPLE), str(tmp_path / "exp")], check=True)
    assert WorkDir(tmp_path / "exp").run(0).status().text == "completed"
