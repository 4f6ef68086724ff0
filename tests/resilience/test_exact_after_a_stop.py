"""A training that is asked to stop, and one that goes on under other conditions, ends the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.store.record import Status
from tests.resilience.comparison import differences
from tests.resilience.deaths import AtEvaluation, AtStep, Death
from tests.resilience.killing import Reference
from tests.resilience.trainings import Trainings, run_in

References = Callable[[str], Reference]

AVERAGED = "averaged weights, evaluated between epochs"
EVERYTHING = "everything at once"

STOPS: dict[str, list[Death]] = {
    "by Ctrl-C, at once": [AtStep(1, signal="SIGINT")],
    "by SIGTERM, twice in an epoch": [AtStep(4, signal="SIGTERM"), AtStep(5, signal="SIGTERM")],
    "by SIGUSR1, at the last step of an epoch": [AtStep(20, signal="SIGUSR1")],
    "by SIGHUP, at the last step": [AtStep(60, signal="SIGHUP")],
    "by SIGTERM, at a step with an evaluation, then killed": [
        AtStep(9, signal="SIGTERM"),
        AtStep(9),
        AtStep(2, signal="SIGTERM"),
    ],
    "by SIGTERM, during an evaluation": [AtEvaluation(3, signal="SIGTERM")],
    "by SIGTERM, during evaluations, and killed in another": [
        AtEvaluation(9, signal="SIGTERM"),
        AtEvaluation(2, signal="SIGTERM"),
        AtEvaluation(4),
        AtEvaluation(20, signal="SIGINT"),
    ],
}


@pytest.mark.parametrize("case", [AVERAGED, "plain tensors, cosine by step"])
@pytest.mark.parametrize("stop", STOPS)
def test_stopped_it_ends_as_if_it_never_was(
    stop: str, case: str, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference(case)
    folder = tmp_path / "stopped"
    folder.mkdir()
    for death in STOPS[stop]:
        ending = trainings.train(folder, case, death)
        if ending.killed:
            continue
        assert ending.code != 0, "it did not stop"
        assert run_in(folder).read_record().status is Status.STOPPED, ending.output
    assert trainings.train(folder, case).code == 0
    assert differences(run_in(folder), run_in(whole.folder)) == []


def without_checkpoints(lines: list[str]) -> list[str]:
    """The differences of results: when checkpoints are taken shows in the state that they hold."""
    return [line for line in lines if not line.startswith("state.")]


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint_kwargs.every_steps": 1},
        {"checkpoint_kwargs.every_steps": None},
        {"checkpoint_kwargs.every_steps": None, "checkpoint_kwargs.every_minutes": 1e-9},
        {"checkpoint_kwargs.background": False, "checkpoint_kwargs.every_steps": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("case", [AVERAGED, "two optimisers"])
def test_when_checkpoints_are_written_changes_nothing(
    case: str,
    change: dict[str, Any],
    trainings: Trainings,
    reference: References,
    tmp_path: Path,
) -> None:
    whole = reference(case)
    ending = trainings.train(tmp_path, case, overrides=change)
    assert ending.code == 0, ending.output
    assert without_checkpoints(differences(run_in(tmp_path), run_in(whole.folder))) == []


def test_another_number_of_workers_in_each_attempt_changes_nothing(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference(EVERYTHING)
    for number, workers in enumerate((0, 3, 1)):
        change = {"load_data_kwargs.train_loader_kwargs.num_workers": workers}
        death = AtStep(11 + number)
        assert trainings.train(tmp_path, EVERYTHING, death, overrides=change).killed
    ending = trainings.train(tmp_path, EVERYTHING)
    assert ending.code == 0, ending.output
    assert differences(run_in(tmp_path), run_in(whole.folder)) == []


def test_killed_during_each_evaluation_it_ends_as_if_it_never_was(
    trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    whole = reference(AVERAGED)
    kills = 0
    for number in (1, 4, 9, 14, 19, 24):
        kills += trainings.train(tmp_path, AVERAGED, AtEvaluation(number)).killed
    assert kills >= 4
    assert trainings.train(tmp_path, AVERAGED).code == 0
    assert differences(run_in(tmp_path), run_in(whole.folder)) == []
