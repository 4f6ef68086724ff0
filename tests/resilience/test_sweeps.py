"""Workers of a sweep that are killed: every trial is done once, and none is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from stride.store.record import Status
from stride.store.work_dir import WorkDir

POINTS = 6
SWEEP = ("--config", f"seed=range:{POINTS}", "--config", "model_kwargs.hidden_dims=4",
         "--config", "fit_kwargs.max_epochs=3", "--config", "fit_kwargs.threads=1")  # fmt: skip
PATIENCE = 240.0


def begin(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a worker, as a person would on one more machine."""
    command = [sys.executable, "-m", "stride", "sweep", "exp", *SWEEP, *more]
    with (folder / "out.txt").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def kill(worker: subprocess.Popen[bytes], *, with_trainings: bool) -> None:
    """Kill a worker, alone or with all that it has started."""
    family = [psutil.Process(worker.pid)]
    if with_trainings:
        family += family[0].children(recursive=True)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    worker.wait()


def answer(folder: Path) -> Any:
    """What `--show` says."""
    done = subprocess.run(
        [sys.executable, "-m", "stride", "sweep", "--show", "exp", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_all_done_once(folder: Path, points: int = POINTS) -> None:
    """Each trial has one run, each run is one trial, and all are completed."""
    told = (folder / "out.txt").read_text()
    said = answer(folder)
    runs = list(WorkDir(folder / "exp").runs())
    marks = Counter(
        record.sweep.trial for run in runs if (record := run.read_record()).sweep is not None
    )
    assert marks == Counter(range(points)), told
    assert [trial["state"] for trial in said["trials"]] == ["completed"] * points, told
    assert len({trial["run"] for trial in said["trials"]}) == points, told
    assert all(run.read_record().status is Status.COMPLETED for run in runs), told
    seeds = sorted(run.read_config()["seed"] for run in runs)
    assert seeds == list(range(points)), told
    for run in runs:
        assert [row["epoch"] for row in run.metrics.read()] == [1, 2, 3]


@pytest.mark.parametrize("with_trainings", [True, False])
def test_four_workers_two_of_them_killed_do_every_trial_once(
    tmp_path: Path, with_trainings: bool
) -> None:
    chance = random.Random(os.environ.get("STRIDE_TEST_SEED", "sweeps"))
    workers = [begin(tmp_path) for _ in range(4)]
    for victim in chance.sample(workers, 2):
        time.sleep(chance.uniform(0.0, 8.0))  # the moment of the kill, whatever is done then
        kill(victim, with_trainings=with_trainings)
        workers.remove(victim)
    codes = [worker.wait(PATIENCE) for worker in workers]
    assert codes == [0, 0], (tmp_path / "out.txt").read_text()
    check_all_done_once(tmp_path)


def test_a_worker_that_is_killed_again_and_again_goes_on_with_the_same_command(
    tmp_path: Path,
) -> None:
    chance = random.Random("again")
    for _ in range(6):
        worker = begin(tmp_path)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(chance.uniform(0.5, 7.0))
        if worker.poll() is None:
            kill(worker, with_trainings=True)
    assert begin(tmp_path).wait(PATIENCE) == 0, (tmp_path / "out.txt").read_text()
    check_all_done_once(tmp_path)
