"""The trials of a sweep: taken and told in turns, each once, whenever a worker is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stride.sweep.definition import read_definition
from stride.sweep.folder import SweepFolder
from stride.sweep.space import Choice, Real, Whole
from stride.sweep.summary import read_summary
from stride.sweep.telling import Ended
from stride.sweep.trials import Taken, Trials
from tests.sweep.conftest import Begin, train

SPACE = {
    "optimizer_kwargs.lr": Real(low=1e-5, high=1e-1, log=True),
    "model_kwargs.hidden_dims": Choice(values=([4], [4, 4])),
    "fit_kwargs.max_epochs": Whole(low=1, high=9),
}

TAKE_AND_DIE = """
import os, signal, sys
from optuna.storages.journal import JournalFileBackend
from stride.store.work_dir import WorkDir
from stride.sweep.definition import read_definition
from stride.sweep.folder import SweepFolder
from stride.sweep.trials import Trials

writes, last = 0, int(sys.argv[1])
append = JournalFileBackend.append_logs

def dying(self, logs):
    global writes
    writes += 1
    if writes > last:
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, logs)

JournalFileBackend.append_logs = dying
folder = SweepFolder(WorkDir("exp"), sys.argv[2])
Trials(folder, read_definition(folder)).take(())
print("taken")
"""


def take_and_die(folder: Path, sweep: str, writes: int) -> bool:
    """Have a worker take a trial that is killed after so many writes; whether it was killed."""
    done = subprocess.run(
        [sys.executable, "-c", TAKE_AND_DIE, str(writes), sweep],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def points_of(folder: SweepFolder) -> dict[int, tuple[object, ...]]:
    """What was drawn for each trial of a sweep, as its run has it."""
    found: dict[int, tuple[object, ...]] = {}
    for run in folder.work_dir.runs():
        sweep, config = run.read_record().sweep, run.read_config()
        if sweep is not None and sweep.sweep == folder.name:
            assert sweep.trial not in found, "a trial has two runs"
            found[sweep.trial] = (
                config["optimizer_kwargs"]["lr"],
                config["model_kwargs"]["hidden_dims"],
                config["fit_kwargs"]["max_epochs"],
            )
    return found


def test_the_points_of_a_grid_are_taken_in_order_and_told(begin: Begin) -> None:
    folder, definition = begin()
    told: list[Ended] = []
    trials = Trials(folder, definition, told=told.append)
    for number in range(3):
        taken = trials.take(())
        assert taken is not None, trials.others
        assert (taken.number, taken.run.name, taken.point) == (
            number,
            str(number),
            {"seed": number},
        )
        record = taken.run.read_record()
        assert record.sweep is not None
        assert (record.sweep.sweep, record.sweep.study) == ("seeds", definition.id)
        assert record.overrides == (f"seed={number}",)
        train(taken.run, loss=1.0 - 0.1 * number)
        trials.settle(taken)
    assert trials.take(()) is None
    assert [(each.state, each.value) for each in told] == [
        ("COMPLETE", 1.0), ("COMPLETE", 0.9), ("COMPLETE", 0.8)]  # fmt: skip
    summary = read_summary(folder, definition)
    assert summary.best is not None
    assert (summary.best.run, summary.left) == ("2", 0)


def test_a_trial_that_nobody_told_is_told_by_the_next(begin: Begin) -> None:
    folder, definition = begin()
    taken = Trials(folder, definition).take(())
    assert taken is not None
    train(taken.run, loss=0.5)
    told: list[Ended] = []
    Trials(folder, definition, told=told.append).take(())
    assert [(each.number, each.value) for each in told] == [(0, 0.5)]


def test_a_living_worker_keeps_the_trial_that_it_has_taken(begin: Begin, tmp_path: Path) -> None:
    folder, definition = begin()
    holding = (
        "import sys, time\n"
        "from stride.store.work_dir import WorkDir\n"
        "from stride.sweep.definition import read_definition\n"
        "from stride.sweep.folder import SweepFolder\n"
        "from stride.sweep.trials import Trials\n"
        "folder = SweepFolder(WorkDir('exp'), 'seeds')\n"
        "print(Trials(folder, read_definition(folder)).take(()).number, flush=True)\n"
        "sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holding],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "0\n"
    trials = Trials(folder, definition)
    mine = trials.take(())
    assert mine is not None
    assert (mine.number, trials.others.busy) == (1, [0])
    other.kill()
    other.communicate()
    again = trials.take([1])
    assert again is not None
    assert (again.number, again.run.name, again.again) == (0, "0", False)


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc", "cmaes"])
def test_a_worker_killed_after_any_write_loses_no_trial_and_doubles_none(
    begin: Begin, tmp_path: Path, sampler: str
) -> None:
    values = {"space": SPACE, "sampler": sampler, "trials": 12, "seed": 7}
    folder, definition = begin(name="killed", **values)
    deaths = 0
    for writes in range(12):  # a trial is made, three values drawn, its run claimed and noted
        deaths += take_and_die(tmp_path, "killed", writes)
        trials = Trials(folder, definition)
        taken = trials.take(())
        assert taken is not None, trials.others
        end(trials, taken)
    assert deaths >= 7
    killed = points_of(folder)
    undisturbed, _ = begin(name="undisturbed", **values)
    trials = Trials(undisturbed, read_definition(undisturbed))
    while (taken := trials.take(())) is not None:
        end(trials, taken)
    assert sorted(killed) == list(range(12))
    if sampler != "qmc":  # of its sequence, a point whose trial was killed as it came is skipped
        assert killed == points_of(undisturbed)
    assert read_summary(folder, definition).counts == {"completed": 12}


def end(trials: Trials, taken: Taken) -> None:
    """Leave a trial as its training would, and tell it."""
    train(taken.run, loss=0.5 / (1 + taken.number))
    trials.settle(taken)


def test_a_failed_trial_is_told_with_its_reason_and_tried_again_only_if_asked(begin: Begin) -> None:
    folder, definition = begin(trials=1)
    trials = Trials(folder, definition)
    taken = trials.take(())
    assert taken is not None
    with pytest.raises(ValueError, match="boom"), taken.run.start():
        raise ValueError("boom")
    trials.settle(taken)
    assert trials.failures == 1
    assert trials.take(()) is None
    row = read_summary(folder, definition).rows[0]
    assert (row.state, row.reason) == ("failed", "ValueError: boom")
    assert trials.retry_failed() == 1
    again = trials.take(())
    assert again is not None
    assert (again.number, again.run, again.again) == (1, taken.run, True)
    train(again.run, loss=0.25)
    trials.settle(again)
    summary = read_summary(folder, definition)
    assert summary.best is not None
    assert (summary.best.value, summary.failed, summary.left) == (0.25, 0, 0)
    assert trials.retry_failed() == 0


def test_a_training_that_kills_itself_is_given_up(begin: Begin) -> None:
    folder, definition = begin(trials=1)
    trials = Trials(folder, definition)
    for death in range(3):
        taken = trials.take(())
        assert taken is not None, trials.others
        kill_in_training(taken)
        trials.settle(taken, killed=True)
        assert trials.failures == (death == 2)
    assert "broke off 3 times" in read_summary(folder, definition).rows[0].reason


def kill_in_training(taken: Taken) -> None:
    """Have a process begin an attempt at a run and be killed in it."""
    program = (
        "import os, signal, sys\n"
        "from stride.store.run import Run\n"
        "Run(sys.argv[1]).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(taken.run.path)])
    assert done.returncode == -signal.SIGKILL


def test_what_a_person_stopped_is_left_by_those_who_work_and_taken_by_who_comes(
    begin: Begin,
) -> None:
    folder, definition = begin(trials=1)
    trials = Trials(folder, definition)
    taken = trials.take(())
    assert taken is not None
    taken.run.start().stop("stopped by stride stop on here")
    trials.leave(taken)
    assert trials.take(()) is None
    assert trials.others.stopped == [0]
    again = Trials(folder, definition).take(())
    assert again is not None
    assert again.again
    again.run.start().stop("stopped by SIGTERM")
    assert trials.take(()) is not None  # by a machine: whoever is there goes on


def test_a_run_that_was_removed_fails_its_trial(begin: Begin) -> None:
    folder, definition = begin(trials=1)
    taken = Trials(folder, definition).take(())
    assert taken is not None
    taken.run.path.rename(folder.work_dir.path / "elsewhere")
    trials = Trials(folder, definition)
    assert trials.take(()) is None
    assert read_summary(folder, definition).rows[0].reason == "its run was removed"


def test_more_trials_may_be_asked_of_a_sweep(begin: Begin) -> None:
    folder, definition = begin(space=SPACE, sampler="random", trials=1)
    trials = Trials(folder, definition)
    taken = trials.take(())
    assert taken is not None
    end(trials, taken)
    assert trials.take(()) is None
    more = Trials(folder, definition, total=2)
    assert more.take(()) is not None
    assert Trials(folder, definition).total == 2
