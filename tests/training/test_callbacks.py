"""Callbacks: told in order, asked whether to stop, kept from doing harm."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from stride.store.run import Run
from stride.training.callbacks import Callback, Callbacks, StopRequest
from stride.training.moments import (
    CheckpointSaved,
    EpochEnded,
    FitBegins,
    FitEnded,
    Moment,
    Plan,
    StepLogged,
)

MOMENTS: list[Moment] = [
    FitBegins(Run(Path("exp/0")), 0, Plan(1, 2, 2, 64.0)),
    StepLogged(1, 1, {"step": 1, "loss": 0.5}),
    EpochEnded(2, 1, {"epoch": 1, "train_loss": 0.5}),
    CheckpointSaved(2, 1, Path("exp/0/checkpoints/step-00000002")),
    FitEnded("completed", results={"test_loss": 0.25}),
]


class Notes(Callback):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def observe(self, moment: Moment) -> None:
        self.moments.append(moment)


class Fails(Notes):
    """Raises at every logged step."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def observe(self, moment: Moment) -> None:
        super().observe(moment)
        if isinstance(moment, StepLogged):
            raise self.error


class Stops(Callback):
    """Asks to stop at every logged step."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def observe(self, moment: Moment) -> StopRequest | None:
        return StopRequest(self.reason) if isinstance(moment, StepLogged) else None


class Draws(Callback):
    """Draws from every global generator, and seeds them."""

    def observe(self, moment: Moment) -> None:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        random.random(), np.random.rand(), torch.rand(3)


class Answers(Callback):
    """Gives what no callback gives."""

    def observe(self, moment: Moment) -> StopRequest | None:
        return True  # type: ignore[return-value]


def test_every_callback_is_told_every_moment_in_order() -> None:
    first, second = Notes(), Notes()
    callbacks = Callbacks([first, second])
    for moment in MOMENTS:
        callbacks.tell(moment)
    assert first.moments == second.moments == MOMENTS
    assert callbacks.stop_reason is None


@pytest.mark.parametrize("error", [ValueError("no such thing"), SystemExit(3)])
def test_one_that_fails_is_reported_once_with_its_place_and_told_no_more(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    failing, after = Fails(error), Notes()
    callbacks = Callbacks([failing, after])
    with caplog.at_level(logging.WARNING, "stride"):
        for moment in [*MOMENTS, *MOMENTS]:
            callbacks.tell(moment)
    (record,) = caplog.records
    line = Fails.observe.__code__.co_firstlineno + 3
    assert record.getMessage() == (
        f"Fails failed when told StepLogged, and is not told any more: {type(error).__name__}:"
        f" {error} ({__file__}:{line})"
    )
    assert record.exc_info is not None  # the trace is in the log
    assert failing.moments == MOMENTS[:2]
    assert after.moments == [*MOMENTS, *MOMENTS]


def test_ctrl_c_inside_a_callback_is_a_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        Callbacks([Fails(KeyboardInterrupt())]).tell(MOMENTS[1])


def test_the_first_reason_to_stop_stays_and_says_who_asked() -> None:
    callbacks = Callbacks([Stops("the loss is low enough"), Stops("late")])
    callbacks.tell(MOMENTS[0])
    assert callbacks.stop_reason is None
    callbacks.tell(MOMENTS[1])
    assert callbacks.stop_reason == "Stops asked to stop: the loss is low enough"


def test_an_answer_that_is_none_of_the_two_is_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    callbacks = Callbacks([Answers()])
    callbacks.tell(MOMENTS[0])
    assert callbacks.stop_reason is None
    assert "observe gave True, and neither None nor a StopRequest" in caplog.text


def test_what_a_callback_draws_changes_no_generator_of_the_training() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    def seed() -> None:
        random.seed(5)
        np.random.seed(5)
        torch.manual_seed(5)

    seed()
    expected = drawn()
    seed()
    Callbacks([Draws()]).tell(MOMENTS[1])
    assert drawn() == expected


def test_rows_and_results_that_are_told_are_copies_that_nobody_changes() -> None:
    row: dict[str, float | int | str | None] = {"loss": 0.5}
    told = StepLogged(1, 1, row)
    row["loss"] = 9.0
    assert told.row == {"loss": 0.5}
    for mapping in (told.row, FitEnded("failed", "a reason", {"test_loss": 1.0}).results):
        with pytest.raises(TypeError):
            mapping["loss"] = 1.0  # type: ignore[index]


def test_there_are_five_moments() -> None:
    assert {type(moment) for moment in MOMENTS} == set(Moment.__args__)
    assert len(Moment.__args__) == 5


def test_a_callback_without_observe_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="observe"):
        type("Nothing", (Callback,), {"__module__": __name__})()
