"""Resuming: with which config a run goes on, and which changes are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.config.overrides import parse_override
from stride.config.resolution import Layer, resolve
from stride.config.schema import Config
from stride.errors import ConfigError, RunBusyError, RunStateError, StoppedError
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.resuming import (
    chosen_settings,
    first_threads,
    parent_of,
    plan_resumption,
    resumed_config,
)

Make = Callable[..., Run]


def layer(*typed: str) -> Layer:
    return Layer(overrides=tuple(parse_override(text) for text in typed))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a run with these settings, of which one attempt was stopped, with a checkpoint."""

    def make(*typed: str, resolved: dict[str, Any] | None = None, threads: int = 1) -> Run:
        found = resolve([layer(*typed)], BuiltinCatalog())
        run = WorkDir(tmp_path / "exp").create(
            found.config.to_json(), chosen=found.chosen, overrides=typed
        )
        stop(run, resolved=resolved, threads=threads)
        (run.checkpoints_path / "step-00000001").mkdir(parents=True)
        return run

    return make


def stop(
    run: Run,
    *,
    resolved: dict[str, Any] | None = None,
    threads: int = 1,
    settings: dict[str, Any] | None = None,
) -> None:
    with pytest.raises(StoppedError), run.start(settings=settings or {}) as attempt:
        attempt.found(resolved, threads=threads)
        raise StoppedError("stopped by SIGTERM")


def test_a_run_goes_on_with_its_own_config_whatever_the_experiment_says_now(make: Make) -> None:
    run = make("optimizer_kwargs.lr=0.5", "fit_kwargs.threads=1")
    WorkDir(run.work_dir).config_path.write_text('{"format": 1, "seed": 7}')
    plan = plan_resumption(run, [])
    assert plan.config == Config.from_json(run.read_config())
    assert plan.beginning.relation == "resumed"
    assert (plan.beginning.run, plan.beginning.settings) == (run, {})


def test_what_is_given_again_as_it_was_is_no_change(make: Make) -> None:
    typed = ("model_kwargs.hidden_dims=32,32", "optimizer_kwargs.lr=1e-2", "seed=3")
    plan = plan_resumption(make(*typed), [layer(*typed)], typed)
    assert (plan.beginning.settings, plan.beginning.overrides) == ({}, ())


def test_a_change_is_kept_as_values_and_as_typed(make: Make) -> None:
    typed = ("fit_kwargs.max_epochs=40", "checkpoint_kwargs.every_minutes=.5", "seed=0")
    plan = plan_resumption(make(), [layer(*typed)], typed)
    assert plan.config.fit_kwargs.max_epochs == 40
    assert plan.beginning.settings == {
        "fit_kwargs.max_epochs": 40,
        "checkpoint_kwargs.every_minutes": 0.5,
    }
    assert plan.beginning.overrides == typed


def test_what_earlier_attempts_changed_still_holds(make: Make) -> None:
    run = make()
    stop(run, settings={"fit_kwargs.max_epochs": 40})
    plan = plan_resumption(run, [layer("fit_kwargs.max_steps=900")])
    assert plan.config.fit_kwargs.max_epochs == 40
    assert plan.beginning.settings == {"fit_kwargs.max_steps": 900}
    back = plan_resumption(run, [layer("fit_kwargs.max_epochs=20")])
    assert back.beginning.settings == {"fit_kwargs.max_epochs": 20}


@pytest.mark.parametrize(
    "typed",
    [
        "device=cpu",
        "fit_kwargs.max_epochs=3",
        "fit_kwargs.max_steps=10",
        "fit_kwargs.threads=2",
        "fit_kwargs.early_stopping.patience=4",
        "fit_kwargs.early_stopping.min_delta=0.1",
        "fit_kwargs.accumulate=2",
        "fit_kwargs.on_nonfinite=skip",
        "fit_kwargs.on_out_of_memory=split",
        "load_data_kwargs.train_loader_kwargs.num_workers=2",
        "log_kwargs.every=7",
        "log_kwargs.callbacks=tensorboard",
        "checkpoint_kwargs.keep=5",
        "checkpoint_kwargs.background=false",
    ],
)
def test_what_decides_where_how_long_and_how_safely_may_change(make: Make, typed: str) -> None:
    plan = plan_resumption(make(), [layer(typed)], [typed])
    assert list(plan.beginning.settings) == [typed.partition("=")[0]]


@pytest.mark.parametrize(
    "typed",
    [
        "seed=1",
        "optimizer_kwargs.lr=0.5",
        "optimizer_kwargs.optimizer_name=SGD",
        "model_kwargs.hidden_dims=8",
        "model_kwargs.model_name=ResNet",
        "fit_kwargs.precision=bf16",
        "fit_kwargs.ema.decay=0.9",
        "fit_kwargs.clip_norm=1",
        "fit_kwargs.monitors=val_loss:max",
        "load_data_kwargs.train_loader_kwargs.batch_size=8",
        "scheduler_kwargs.scheduler_name=CosineAnnealingLR",
    ],
)
def test_what_would_make_another_experiment_is_refused(make: Make, typed: str) -> None:
    run = make()
    with pytest.raises(ConfigError) as refusal:
        plan_resumption(run, [layer(typed)])
    assert f"{run.address} cannot go on with " in str(refusal.value)
    assert f"{typed.partition('=')[0]}=" in str(refusal.value)
    assert f"stride fit --continue {run.address} --config " in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_refusal_says_what_the_run_has_and_gives_the_line_that_serves(make: Make) -> None:
    run = make()
    with pytest.raises(ConfigError) as refusal:
        plan_resumption(run, [layer("optimizer_kwargs.lr=0.5", "fit_kwargs.max_epochs=40")])
    assert str(refusal.value) == (
        f"{run.address} cannot go on with optimizer_kwargs.lr=0.5 (it has 0.001): that would be"
        " another experiment; make a new run that goes on from its last checkpoint with stride fit"
        f" --continue {run.address} --config optimizer_kwargs.lr=0.5 --config"
        " fit_kwargs.max_epochs=40"
    )


def test_the_line_that_serves_can_be_typed(make: Make) -> None:
    run = make()
    with pytest.raises(ConfigError) as refusal:
        plan_resumption(run, [layer("optimizer_kwargs.betas=0.8,0.9")])
    assert str(refusal.value).endswith(
        f"{run.address} --config 'optimizer_kwargs.betas=[0.8, 0.9]'"
    )
    with pytest.raises(ConfigError) as refusal:
        plan_resumption(run, [layer("model_kwargs.model_name=ResNet")])
    said = str(refusal.value)
    assert said.endswith("--config model_kwargs.model_name=ResNet")
    assert "nothing" not in said


def test_without_a_checkpoint_no_line_is_named_that_needs_one(make: Make) -> None:
    run = make()
    (run.checkpoints_path / "step-00000001").rmdir()
    with pytest.raises(ConfigError, match=r"seed=3.*; it has no checkpoint that a new run"):
        plan_resumption(run, [layer("seed=3")])


def test_the_length_is_fixed_where_a_schedule_was_made_for_it(make: Make) -> None:
    cosine = ("scheduler_kwargs.scheduler_name=CosineAnnealingLR",)
    run = make(*cosine, resolved={"scheduler_kwargs.T_max": 20})
    with pytest.raises(ConfigError, match=r"it has 20; scheduler_kwargs.T_max \(20\) was made"):
        plan_resumption(run, [layer("fit_kwargs.max_epochs=40")])
    own = make(*cosine, "scheduler_kwargs.T_max=20")
    plan = plan_resumption(own, [layer("fit_kwargs.max_epochs=40")])
    assert plan.config.fit_kwargs.max_epochs == 40


def test_data_that_was_moved_may_be_named_anew(make: Make, tmp_path: Path) -> None:
    data = ("dataset_kwargs.dataset_name=arrays", f"dataset_kwargs.path={tmp_path}/old.npz")
    plan = plan_resumption(make(*data), [layer(f"dataset_kwargs.path={tmp_path}/new.npz")])
    assert plan.beginning.settings == {"dataset_kwargs.path": f"{tmp_path}/new.npz"}
    with pytest.raises(ConfigError, match=r"dataset_kwargs\.mmap|unknown key|cannot go on"):
        plan_resumption(make(*data), [layer("dataset_kwargs.dataset_name=digits")])


def test_threads_are_those_of_the_first_attempt_unless_chosen(make: Make) -> None:
    run = make(threads=3)
    stop(run, threads=5)
    assert first_threads(run.read_record()) == 3
    plan = plan_resumption(run, [])
    assert (plan.config.fit_kwargs.threads, plan.beginning.settings) == (3, {})
    chosen = plan_resumption(run, [layer("fit_kwargs.threads=2")])
    assert chosen.config.fit_kwargs.threads == 2
    assert chosen.beginning.settings == {"fit_kwargs.threads": 2}


def test_a_run_that_is_completed_or_in_training_does_not_go_on(make: Make) -> None:
    run = make()
    with run.start(), pytest.raises(RunBusyError):
        plan_resumption(run, [])
    with pytest.raises(RunStateError, match="--continue"):
        plan_resumption(run, [])


def test_a_completed_run_can_still_be_asked_whether_settings_differ(make: Make) -> None:
    run = make()
    with run.start():
        pass
    _, same = resumed_config(run, run.read_record(), [layer("fit_kwargs.max_epochs=20")])
    _, other = resumed_config(run, run.read_record(), [layer("fit_kwargs.max_epochs=40")])
    assert (same, other) == ({}, {"fit_kwargs.max_epochs": (20, 40)})


def test_a_new_run_starts_with_what_people_chose_for_the_attempts_too(make: Make) -> None:
    run = make("optimizer_kwargs.lr=0.5")
    stop(run, settings={"fit_kwargs.max_epochs": 40})
    record = run.read_record()
    assert chosen_settings(run, record) == {
        "optimizer_kwargs": {"lr": 0.5},
        "fit_kwargs": {"max_epochs": 40},
    }
    parent = parent_of(run, record, "continued")
    assert (parent.relation, parent.run, parent.id) == ("continued", run.name, record.id)
