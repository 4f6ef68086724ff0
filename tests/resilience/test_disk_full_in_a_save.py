"""A disk that fills during a save costs that save and nothing else: training goes on or ends with
one sentence, and the older checkpoint stays.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.store.record import Status
from stride.store.run import Run
from tests.resilience.comparison import broken_checkpoints, checkpoint_folders, differences
from tests.resilience.deaths import COMMITTED, AtFile, AtStep
from tests.resilience.killing import Reference
from tests.resilience.trainings import ROOT, Trainings, run_in

References = Callable[[str], Reference]

CASE = "a state that is larger than the weights"
FITS_WEIGHTS = 60_000
"""Bytes: more than the weights and each table have, less than a checkpoint's tensors."""
FITS_TABLES = 25_000
"""Bytes: less than the weights have."""


def kill_after_two_checkpoints(trainings: Trainings, folder: Path) -> None:
    folder.mkdir()
    ending = trainings.train(folder, CASE, AtFile((COMMITTED,), 3))
    assert ending.killed, ending.output


def failures(run: Run) -> list[str]:
    """The lines of its log that say that something did not fit."""
    lines = run.log_path().read_text().splitlines()
    return [line for line in lines if "larger than the limit allows" in line]


def test_a_training_whose_saves_do_not_fit_comes_to_its_end(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    kill_after_two_checkpoints(trainings, folder)
    run = run_in(folder)
    before = checkpoint_folders(run)
    ending = trainings.train(folder, CASE, largest_file=FITS_WEIGHTS)
    assert ending.code == 0, ending.output
    assert failures(run) != []
    assert checkpoint_folders(run) == before
    assert broken_checkpoints(run) == []
    whole = run_in(reference(CASE).folder)
    others = [line for line in differences(run, whole) if "checkpoint" not in line]
    assert [line for line in others if not line.startswith("state.")] == []


def test_a_training_that_was_killed_while_no_save_fitted_goes_on_exactly(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    kill_after_two_checkpoints(trainings, folder)
    run = run_in(folder)
    before = checkpoint_folders(run)
    for _ in range(2):
        ending = trainings.train(folder, CASE, AtStep(25), largest_file=FITS_WEIGHTS)
        assert ending.killed, ending.output
        assert checkpoint_folders(run) == before
        assert broken_checkpoints(run) == []
    assert trainings.train(folder, CASE).code == 0
    assert differences(run, run_in(reference(CASE).folder)) == []


def test_weights_that_do_not_fit_fail_the_run_and_it_goes_on_when_there_is_space(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    kill_after_two_checkpoints(trainings, folder)
    run = run_in(folder)
    before = checkpoint_folders(run)
    ending = trainings.train(folder, CASE, largest_file=FITS_TABLES)
    assert ending.code != 0
    record = run.read_record()
    assert record.status is Status.FAILED
    assert record.error is not None and "larger than the limit allows" in record.error.message
    assert checkpoint_folders(run) == before
    assert broken_checkpoints(run) == []
    assert trainings.train(folder, CASE).code == 0
    assert differences(run, run_in(reference(CASE).folder)) == []


TINY = """
import logging, sys
from pathlib import Path
from stride.store.record import Status
from stride.store.run import Run
from stride.training.trainer import Trainer
from tests.resilience.comparison import broken_checkpoints, checkpoint_folders
from tests.resilience.training_cases import case_named

folder, case = Path(sys.argv[1]), sys.argv[2]
run = Trainer(folder / "exp", **case_named(case).arguments()).fit()
assert run.read_record().status is Status.COMPLETED
said = [line for line in run.log_path().read_text().splitlines() if "WARN" in line]
assert any("free on the disk" in line or "disk is full" in line for line in said), said
assert len(checkpoint_folders(run)) >= 1 and broken_checkpoints(run) == []
assert [path for path in run.path.rglob("*") if "staging" in path.name] == []
assert len(run.metrics.read()) == 3
Trainer(folder / "other").load_run(run.path)
Trainer(folder / "other").load_run(run.path, weights="last")
print("survived")
"""


def test_a_tiny_disk_fills_up_and_the_training_comes_to_its_end(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=1400k none "$1" && exec "$2" -c "$3" "$1" "$4"'
    command = ["unshare", "-r", "-m", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, TINY]
    done = subprocess.run([*command, CASE], cwd=ROOT, capture_output=True, text=True)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    assert done.stdout == "survived\n", done.stderr
