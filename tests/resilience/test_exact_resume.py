"""A training that is killed, at any moment and any number of times, ends as if it never was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.resilience.comparison import differences
from tests.resilience.deaths import (
    BEST,
    COMMITTED,
    RETIRED,
    STAGED,
    AfterSeconds,
    AtFile,
    AtStep,
    Death,
)
from tests.resilience.killing import Reference, kill, kill_often
from tests.resilience.training_cases import CASES, Case
from tests.resilience.trainings import Trainings, run_in

References = Callable[[str], Reference]

RESUMING = r"^open .*/checkpoints/step-\d+/manifest\.json$"
CUT = r"^os\.rename .* .*/logs/{}\.csv$"

MOMENTS: dict[str, list[Death]] = {
    "as its process begins": [AfterSeconds(0.0), AtFile(number=1)],
    "inside the first epoch, before any checkpoint": [AtStep(4), AtStep(6, "before")],
    "twice inside one epoch": [AtStep(9), AtStep(9), AtStep(2)],
    "as a save begins": [AtFile((STAGED,), 2), AtFile((STAGED,), 3)],
    "inside a save": [AtFile((STAGED, "staging"), 1), AtFile((STAGED, STAGED, "staging"), 4)],
    "before a checkpoint is committed": [AtFile((COMMITTED,), 2), AtFile((COMMITTED,), 2)],
    "before the pointer moves": [
        AtFile((COMMITTED, "newest")),
        AtFile((COMMITTED, COMMITTED, "newest"), 2),
    ],
    "while an old checkpoint is removed": [
        AtFile((RETIRED,)),
        AtFile((RETIRED, r"^os\.(remove|rmdir) ")),
        AtFile((RETIRED, r"^os\.(remove|rmdir) "), 3),
    ],
    "before the best weights are in place": [AtFile((BEST,)), AtFile((BEST,), 2)],
    "between the best weights and their checkpoint": [
        AtFile((BEST, STAGED)),
        AtFile((BEST, COMMITTED)),
    ],
    "between the row of an epoch and its checkpoint": [
        AtFile((r"^open .*/weights/",)),
        AtStep(14),
        AtStep(8, "before"),
    ],
    "during the resume": [
        AtFile((COMMITTED,), 2),
        AtFile((RESUMING,)),
        AtFile((CUT.format("steps"),)),
        AtStep(1, "before"),
    ],
    "as the tables are cut": [
        AtFile((COMMITTED,), 2),
        AtFile((CUT.format("steps"),)),
        AtFile((CUT.format("metrics"),)),
    ],
    "as the results are written": [AtFile((r"/results/",), 2)],
}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=() if case.fast else pytest.mark.matrix) for case in CASES],
    ids=lambda case: case.name,
)
def test_killed_at_drawn_moments_it_ends_as_if_it_never_was(
    case: Case, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    kills = max(kill_often(trainings, reference(case.name), tmp_path, 3, seed=1))
    assert kills >= 3


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_chosen_moment_it_ends_as_if_it_never_was(
    moment: str, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference("averaged weights, evaluated between epochs")
    kills = kill(trainings, whole, tmp_path / "killed", MOMENTS[moment])
    assert kills == len(MOMENTS[moment]), "a moment was not met"


def test_killed_when_its_results_are_there_it_writes_them_no_second_time(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference("a task with parameters, buffers, unfreezing and a metric of its own")
    assert any(value != value for value in run_in(whole.folder).read_results().values())
    written = AtFile((r"^os\.remove .*/results/\.tmp",))
    assert kill(trainings, whole, tmp_path / "killed", [written]) == 1


@pytest.mark.parametrize(
    "apart", [pytest.param(1, marks=pytest.mark.matrix), pytest.param(11)], ids="every {}".format
)
def test_killed_at_one_file_event_after_the_other_it_ends_as_if_it_never_was(
    apart: int, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference("everything at once")
    each = [AtFile(number=number) for number in range(1, whole.ending.events, apart)]
    kills = kill(trainings, whole, tmp_path / "killed", each)
    assert kills >= 50 / apart, "each attempt gets further than the one before, not much further"


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_killed_many_times_at_drawn_moments_it_ends_as_if_it_never_was(
    case: Case, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    kills = max(kill_often(trainings, reference(case.name), tmp_path, 12, seed=2))
    assert kills >= 12


def test_a_training_that_is_done_is_not_touched_by_another_resume(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference("averaged weights, evaluated between epochs")
    run = run_in(whole.folder)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    assert trainings.train(whole.folder, whole.case).code == 0
    assert {p: p.read_bytes() for p in run.path.rglob("*") if p.is_file()} == before


def test_the_number_of_workers_changes_nothing(reference: References) -> None:
    alone = run_in(reference("random augmentation").folder)
    shared = run_in(reference("random augmentation by two workers").folder)
    assert [line for line in differences(shared, alone) if "resolved" not in line] == []
