"""The line of a job script, `stride fit ... --resume`: killed and repeated until it is done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from stride.files import read_json
from stride.store.run import Run
from tests.resilience.comparison import differences, wounds
from tests.resilience.training_cases import case_named
from tests.resilience.trainings import run_in


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stride", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def job(folder: Path) -> subprocess.Popen[str]:
    """What the script of the job does, however often it is started."""
    settings = ("work_dir=exp", "run=x")
    typed = [part for setting in settings for part in ("--config", setting)]
    return begin(folder, "fit", "--config-file", "config.json", *typed, "--resume")


def kill_after(process: subprocess.Popen[str], run: Run, step: int) -> None:
    """Kill it when there is a checkpoint of this step, or of a later one."""
    pointer = run.checkpoint_paths.newest_path
    while not pointer.exists() or int(str(read_json(pointer)["step"])) < step:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.communicate()


def test_the_line_of_a_job_script_is_repeated_until_it_is_done(tmp_path: Path) -> None:
    settings = case_named("dropout and batch norm").arguments()
    settings["dataset_kwargs"]["samples"] = 4000  # so long that it is killed in the middle
    settings["checkpoint_kwargs"]["every_steps"] = 70
    folder, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    for place in (folder, undisturbed):
        place.mkdir()
        (place / "config.json").write_text(json.dumps(settings))
    run = Run(folder / "exp" / "x")
    for step in (70, 510):
        kill_after(job(folder), run, step)
        assert wounds(run) == []
    resumed = begin(folder, "resume", "exp/x")
    kill_after(resumed, run, 900)
    for _ in range(2):  # the second finds it done
        last = job(folder)
        answer, errors = last.communicate()
        assert (last.returncode, answer.split()[:1]) == (0, ["exp/x"]), errors
    assert len(run.read_record().attempts) == 4
    whole = job(undisturbed)
    assert whole.communicate() and whole.returncode == 0
    assert differences(run, run_in(undisturbed)) == []
