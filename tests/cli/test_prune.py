"""`stride prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed, stopped


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "exp")
    for run in (completed(made), stopped(made)):
        for step in (10, 20, 30):
            add_checkpoint(run, step, best=step == 20)
    completed(made)
    return made


def steps(run: Run) -> list[int]:
    return [folder.order[0] for folder in run.checkpoint_paths.committed()]


def test_a_dry_run_says_what_goes_and_changes_nothing(stride: Any, experiment: WorkDir) -> None:
    page = stride("prune", "exp", "--dry-run").out
    assert "step-00000030 (last), step-00000020 (best)" in page
    assert page.splitlines()[-1].startswith("2 checkpoints, ")
    assert page.splitlines()[-1].endswith(" would be freed")
    assert steps(experiment.run(0)) == [30, 20, 10]
    asked = stride("prune", "exp")
    assert (asked.code, steps(experiment.run(0))) == (2, [30, 20, 10])
    assert "remove 2 checkpoints for good" in asked.err


def test_the_same_is_done_with_yes(stride: Any, experiment: WorkDir) -> None:
    planned = stride("prune", "exp", "--dry-run", "--json").json
    done = stride("prune", "exp", "--yes", "--json").json
    assert done == {**planned, "done": True}
    assert done["freed"] > 0
    assert steps(experiment.run(0)) == steps(experiment.run(1)) == [30, 20]
    assert stride("prune", "exp", "--yes").err == "there is nothing to remove\n"


def test_what_can_go_on_keeps_its_newest_and_it_is_said(stride: Any, experiment: WorkDir) -> None:
    answer = stride("prune", "exp", "--keep", "none", "--yes")
    assert "step-00000030 (to go on)" in answer.out
    assert "exp/0 can then not be continued by stride fit --continue" in answer.err
    assert steps(experiment.run(0)) == []
    assert steps(experiment.run(1)) == [30]


def test_a_run_that_trains_is_left_alone_and_said(stride: Any, experiment: WorkDir) -> None:
    run = stopped(experiment)
    for step in (10, 20):
        add_checkpoint(run, step)
    with run.start():
        answer = stride("prune", "exp", "--keep", "none", "--yes", "--json")
        assert [each["address"] for each in answer.json["skipped"]] == ["exp/3"]
        assert "is left alone" in stride("prune", "exp/3", "--dry-run").err
    assert steps(run) == [20, 10]


@pytest.mark.parametrize("arguments", [["exp", "--keep", "worst"], ["exp/latest"], ["exp/9"]])
@pytest.mark.usefixtures("experiment")
def test_what_makes_no_sense_is_one_sentence(stride: Any, arguments: list[str]) -> None:
    answer = stride("prune", *arguments, "--yes")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
