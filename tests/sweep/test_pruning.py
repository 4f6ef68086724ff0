"""Pruning: each epoch is reported once, also where a trial goes on, and the pruner has its say."""

from __future__ import annotations

import pytest

from stride.sweep.journal import read_study
from stride.sweep.marks import TRIAL, trial_mark
from stride.sweep.pruning import watchers_of
from stride.sweep.space import Choice
from stride.sweep.trials import Taken, Trials
from stride.training.callbacks import Callback, StopRequest
from stride.training.moments import EpochEnded, FitBegins, Plan
from tests.sweep.conftest import Begin, train

PLAN = Plan(max_epochs=4, steps_an_epoch=1, steps=4, samples_a_step=1.0)


def watch(
    monkeypatch: pytest.MonkeyPatch, taken: Taken, sweep: str, study: str, first: int = 0
) -> Callback:
    """The watcher of a trial, at the beginning of an attempt."""
    monkeypatch.setenv(TRIAL, trial_mark(sweep, study, taken.number))
    (callback,) = watchers_of(taken.run)
    assert callback.observe(FitBegins(taken.run, first, PLAN)) is None
    return callback


def epoch(number: int, loss: float) -> EpochEnded:
    return EpochEnded(number, number, {"val_loss": loss})


def test_epochs_are_reported_once_and_a_poor_trial_is_pruned(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, definition = begin(
        space={"seed": Choice(values=(0, 1))}, trials=2, pruner="median",
        pruner_options={"n_startup_trials": 1},
    )  # fmt: skip
    trials = Trials(folder, definition)
    good = trials.take(())
    assert good is not None
    callback = watch(monkeypatch, good, "seeds", definition.id)
    for number, loss in ((1, 0.5), (2, 0.1)):
        assert callback.observe(epoch(number, loss)) is None
    train(good.run, loss=0.5)
    trials.settle(good)

    poor = trials.take(())
    assert poor is not None
    callback = watch(monkeypatch, poor, "seeds", definition.id)
    assert callback.observe(epoch(1, 0.5)) is None
    again = watch(monkeypatch, poor, "seeds", definition.id)  # killed, and gone on with
    assert again.observe(epoch(1, 0.5)) is None
    before = folder.journal_path.read_bytes()
    stop = again.observe(epoch(2, 9.0))
    assert stop == StopRequest("pruned by median after epoch 2")
    told = folder.journal_path.read_bytes()[len(before) :]
    assert watch(monkeypatch, poor, "seeds", definition.id).observe(epoch(2, 9.0)) == stop
    assert folder.journal_path.read_bytes() == before + told  # nothing is said twice
    study = read_study(folder, definition)
    assert study is not None
    assert study.get_trials()[1].intermediate_values == {1: 0.5, 2: 9.0}
    train(poor.run, loss=9.0, reason=f"Pruning asked to stop: {stop.reason}")
    trials.settle(poor)
    assert [trial.state.name for trial in trials.study.get_trials()] == ["COMPLETE", "PRUNED"]


def test_a_training_that_no_worker_started_is_not_watched(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, definition = begin(pruner="median")
    taken = Trials(folder, definition).take(())
    assert taken is not None
    assert watchers_of(taken.run) == []
    for mark in (trial_mark("seeds", "another", 0), "nonsense"):
        monkeypatch.setenv(TRIAL, mark)
        assert watchers_of(taken.run) == []
    monkeypatch.setenv(TRIAL, trial_mark("seeds", definition.id, 0))
    assert watchers_of(None) == []
    unpruned, other = begin(name="unpruned")
    one = Trials(unpruned, other).take(())
    assert one is not None
    monkeypatch.setenv(TRIAL, trial_mark("unpruned", other.id, 0))
    assert watchers_of(one.run) == []
