"""Schedules of configs: lengths that follow from the training, several schedulers, and states."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

from stride.config.resolution import Layer, resolve
from stride.config.schema import SchedulerKwargs
from stride.errors import ConfigError
from stride.training.builtin_things import builtin_things
from stride.training.catalog import BuiltinCatalog
from stride.training.schedule import Schedule
from stride.training.scheduling import build_schedule


def _chosen(**settings: Any) -> SchedulerKwargs:
    layer = Layer("", {"scheduler_kwargs": settings})
    return resolve([layer], BuiltinCatalog()).config.scheduler_kwargs


def _optimizer(lr: float = 0.1) -> Optimizer:
    return torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=lr, momentum=0.9)


def _built(
    optimizers: list[Optimizer] | None = None,
    *,
    steps_an_epoch: int = 4,
    planned_steps: int | None = 30,
    steps_an_evaluation: int | None = None,
    **settings: Any,
) -> tuple[Schedule, dict[str, Any]]:
    return build_schedule(
        _chosen(**settings),
        optimizers or [_optimizer()],
        steps_an_epoch=steps_an_epoch,
        planned_steps=planned_steps,
        steps_an_evaluation=steps_an_evaluation,
    )


@pytest.mark.parametrize(
    ("settings", "settled"),
    [
        ({"scheduler_name": "CosineAnnealingLR"}, {"T_max": 8}),
        ({"scheduler_name": "CosineAnnealingLR", "interval": "step"}, {"T_max": 30}),
        ({"scheduler_name": "CosineAnnealingLR", "interval": "evaluation"}, {"T_max": 8}),
        ({"scheduler_name": "CosineAnnealingLR", "T_max": 7}, {}),
        ({"scheduler_name": "OneCycleLR", "max_lr": 1.0}, {"total_steps": 8}),
        ({"scheduler_name": "OneCycleLR", "max_lr": 1.0, "epochs": 2, "steps_per_epoch": 4}, {}),
        ({"scheduler_name": "StepLR", "step_size": 3}, {}),
        ({}, {}),
    ],
)
def test_the_length_of_a_schedule_follows_from_the_training_unless_chosen(
    settings: dict[str, Any], settled: dict[str, int]
) -> None:
    assert _built(**settings)[1] == settled


@pytest.mark.parametrize(
    ("interval", "warmup_steps", "length"),
    [
        *[("step", 0, 30), ("step", 7, 23), ("epoch", 3, 8), ("epoch", 4, 7), ("epoch", 7, 7)],
        *[("epoch", 29, 1), ("evaluation", 0, 6), ("evaluation", 5, 5), ("evaluation", 9, 5)],
    ],
)
def test_the_length_leaves_out_the_warm_up(interval: str, warmup_steps: int, length: int) -> None:
    _, settled = _built(
        scheduler_name="CosineAnnealingLR",
        interval=interval,
        warmup_steps=warmup_steps,
        steps_an_evaluation=5 if interval == "evaluation" else None,
    )
    assert settled == {"T_max": length}


@given(
    steps_an_epoch=st.integers(1, 9),
    planned_steps=st.integers(1, 60),
    warmup_steps=st.integers(0, 60),
)
def test_the_length_is_how_often_the_scheduler_steps(
    steps_an_epoch: int, planned_steps: int, warmup_steps: int
) -> None:
    optimizer = _optimizer()
    # Not by the catalog: hypothesis would parse the source of torch for each example.
    chosen = SchedulerKwargs(
        name="CosineAnnealingLR", arguments={"T_max": None}, warmup_steps=warmup_steps
    )
    arguments: dict[str, Any] = {"steps_an_epoch": steps_an_epoch, "planned_steps": planned_steps}
    if warmup_steps // steps_an_epoch >= -(-planned_steps // steps_an_epoch):
        with pytest.raises(ConfigError, match=r"takes all .* steps of the training"):
            build_schedule(chosen, [optimizer], **arguments)
        return
    schedule, settled = build_schedule(chosen, [optimizer], **arguments)
    for step in range(1, planned_steps + 1):
        optimizer.step()
        schedule.after_step()
        if step % steps_an_epoch == 0 or step == planned_steps:
            schedule.after_epoch({})
    (scheduler,) = schedule.state_dict()["schedulers"]
    counted = scheduler["last_epoch"]
    # An epoch in which the warm-up would end at its last step, cut short by max_steps, is none.
    assert counted == settled["T_max"] or (planned_steps <= warmup_steps and counted == 0)


def test_a_length_that_is_not_known_is_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"scheduler_kwargs.T_max is needed: how many epochs"):
        _built(scheduler_name="CosineAnnealingLR", planned_steps=None)
    with pytest.raises(ConfigError, match=r"how many epochs .* give it, or fit_kwargs.max_steps"):
        _built(scheduler_name="CosineAnnealingLR", steps_an_epoch=0)
    assert _built(scheduler_name="CosineAnnealingLR", interval="step", steps_an_epoch=0)[1]
    assert _built(scheduler_name="CosineAnnealingLR", T_max=3, planned_steps=None)[1] == {}


def test_a_scheduler_that_refuses_its_arguments_is_named() -> None:
    with pytest.raises(ConfigError, match=r"scheduler_kwargs: ReduceLROnPlateau refuses.*Factor"):
        _built(scheduler_name="ReduceLROnPlateau", factor=2.0)


def test_a_cycle_that_ends_before_the_training_is_refused_before_it_begins() -> None:
    with pytest.raises(ConfigError, match=r"OneCycleLR ends after total_steps=5, and .* 30 times"):
        _built(scheduler_name="OneCycleLR", max_lr=1.0, total_steps=5, interval="step")
    _built(scheduler_name="OneCycleLR", max_lr=1.0, total_steps=8)


def test_a_plateau_between_evaluations_is_refused() -> None:
    with pytest.raises(ConfigError, match="interval must be evaluation for ReduceLROnPlateau"):
        _built(scheduler_name="ReduceLROnPlateau", steps_an_evaluation=5)
    _built(scheduler_name="ReduceLROnPlateau", steps_an_evaluation=5, interval="evaluation")


def test_every_optimiser_gets_a_scheduler_of_the_same_settings() -> None:
    optimizers = [_optimizer(1.0), _optimizer(2.0)]
    schedule, _ = _built(optimizers, scheduler_name="StepLR", step_size=1, gamma=0.5)
    for optimizer in optimizers:
        optimizer.step()
    schedule.after_epoch({})
    assert [each.param_groups[0]["lr"] for each in optimizers] == [0.5, 1.0]


def test_a_scheduler_that_was_handed_over_is_used_as_it_is() -> None:
    optimizer = _optimizer(1.0)
    scheduler = CosineAnnealingLR(optimizer, T_max=2)
    schedule, settled = build_schedule(
        _chosen(), [optimizer], steps_an_epoch=1, planned_steps=None, given=scheduler
    )
    optimizer.step()
    schedule.after_epoch({})
    assert schedule.lr == pytest.approx(0.5)
    assert settled == {}
    with pytest.raises(ConfigError, match="interval must be evaluation"):
        build_schedule(
            _chosen(),
            [optimizer],
            steps_an_epoch=1,
            planned_steps=None,
            steps_an_evaluation=1,
            given=ReduceLROnPlateau(optimizer),
        )


WARM_AND_COSINE: dict[str, Any] = {
    "scheduler_name": "SequentialLR",
    "interval": "step",
    "milestones": [3],
    "schedulers": [{"scheduler_name": "LinearLR", "total_iters": 3}, "CosineAnnealingLR"],
}


def test_schedulers_follow_one_another() -> None:
    optimizer = _optimizer(1.0)
    schedule, settled = _built([optimizer], planned_steps=7, **WARM_AND_COSINE)
    assert settled == {"schedulers.1.T_max": 4}
    rates = []
    for _ in range(7):
        rates.append(schedule.lr)
        optimizer.step()
        schedule.after_step()
    half = 0.5**0.5
    expected = [1 / 3, 5 / 9, 7 / 9, 1.0, (1 + half) / 2, 0.5, (1 - half) / 2]
    assert rates == pytest.approx(expected)


def test_schedulers_act_together() -> None:
    optimizer = _optimizer(1.0)
    schedule, settled = _built(
        [optimizer],
        scheduler_name="ChainedScheduler",
        schedulers=[
            {"scheduler_name": "ExponentialLR", "gamma": 0.5},
            {"scheduler_name": "StepLR", "step_size": 2},
        ],
    )
    assert settled == {}
    rates = []
    for _ in range(3):
        rates.append(schedule.lr)
        optimizer.step()
        schedule.after_epoch({})
    assert rates == pytest.approx([1.0, 0.5, 0.025])


@pytest.mark.parametrize(
    ("schedulers", "sentence"),
    [
        (
            [{"scheduler_name": "StepLR", "step_sise": 3}],
            r"schedulers\.0\.step_sise for StepLR; .*",
        ),
        (["StepLR"], r"scheduler_kwargs\.schedulers\.0\.step_size is needed by StepLR"),
        (["StpLR"], r"schedulers\.0\.scheduler_name: .* did you mean StepLR"),
        ([{"scheduler_name": "ExponentialLR", "gamma": "x"}], r"0\.gamma must be a number"),
        ([3], r"scheduler_kwargs\.schedulers\.0 must be the name of a scheduler"),
        (3, r"scheduler_kwargs\.schedulers must be a list"),
    ],
)
def test_what_is_wrong_with_one_of_several_schedulers_is_said_when_it_is_typed(
    schedulers: Any, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        _chosen(scheduler_name="ChainedScheduler", schedulers=schedulers)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"milestones": []}, "2 schedulers need 1 milestones, and there are 0"),
        ({"milestones": [0]}, "milestones must rise from above 0"),
        ({"milestones": [30]}, r"begins at 30, when the training is over: .*1.T_max would be 0"),
        ({"planned_steps": None}, r"schedulers\.1\.T_max is needed: how many steps"),
        (
            {"schedulers": ["LinearLR", "ReduceLROnPlateau"]},
            "SequentialLR refuses its arguments: .*does not support `ReduceLROnPlateau`",
        ),
        (
            {"schedulers": ["LinearLR", {"scheduler_name": "ChainedScheduler", "schedulers": []}]},
            r"schedulers\.1: ChainedScheduler cannot be one of several schedulers itself",
        ),
    ],
)
def test_schedulers_that_do_not_fit_each_other_are_refused(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        _built(**{**WARM_AND_COSINE, **settings})


def test_elements_of_the_list_are_set_one_by_one() -> None:
    layer = Layer("", {"scheduler_kwargs": WARM_AND_COSINE})
    more = Layer("", settings={"scheduler_kwargs.schedulers.0.total_iters": 2})
    chosen = resolve([layer, more], BuiltinCatalog()).config.scheduler_kwargs
    assert chosen.arguments["schedulers"][0] == {"scheduler_name": "LinearLR", "total_iters": 2}


_NEEDED: dict[str, dict[str, Any]] = {
    "ChainedScheduler": {
        "schedulers": [
            {"scheduler_name": "MultiStepLR", "milestones": [2, 2, 5]},
            {"scheduler_name": "ExponentialLR", "gamma": 0.9},
        ]
    },
    "CosineAnnealingWarmRestarts": {"T_0": 2, "T_mult": 2},
    "CyclicLR": {
        "base_lr": 0.1,
        "max_lr": 1.0,
        "step_size_up": 3,
        "mode": "exp_range",
        "gamma": 0.9,
    },
    "ExponentialLR": {"gamma": 0.9},
    "MultiStepLR": {"milestones": [2, 3, 3, 7]},
    "OneCycleLR": {"max_lr": 1.0},
    "ReduceLROnPlateau": {"patience": 1, "cooldown": 1},
    "SequentialLR": {
        "milestones": [3, 6],
        "schedulers": [
            {"scheduler_name": "CosineAnnealingWarmRestarts", "T_0": 2},
            {"scheduler_name": "MultiStepLR", "milestones": [1, 2]},
            "CosineAnnealingLR",
        ],
    },
    "StepLR": {"step_size": 3},
}
"""Arguments of the schedulers that need some; so that something happens within a few steps."""

_CHOSEN = {
    name: _chosen(
        scheduler_name=name,
        interval="epoch" if name == "ReduceLROnPlateau" else "step",
        warmup_steps=2,
        **_NEEDED.get(name, {}),
    )
    for name in builtin_things("scheduler")
}
_STEPS = 14


def _train(schedule: Schedule, optimizer: Optimizer, first: int, last: int) -> list[Any]:
    """All that a schedule may change, before each step."""
    seen = []
    for step in range(first, last):
        (group,) = optimizer.param_groups
        seen.append({key: value for key, value in group.items() if key != "params"})
        optimizer.step()
        schedule.after_step()
        schedule.after_epoch({"val_loss": abs(step - 5.0)})
    return seen


@pytest.mark.parametrize("name", _CHOSEN)
@given(splits=st.lists(st.integers(0, _STEPS), max_size=3).map(sorted))
def test_every_scheduler_goes_on_in_the_middle_as_if_nothing_had_been(
    name: str, splits: list[int]
) -> None:
    def build() -> tuple[Schedule, Optimizer]:
        optimizer = _optimizer()
        schedule, _ = build_schedule(
            _CHOSEN[name], [optimizer], steps_an_epoch=1, planned_steps=_STEPS
        )
        return schedule, optimizer

    schedule, optimizer = build()
    whole = _train(schedule, optimizer, 0, _STEPS)
    assert len({group["lr"] for group in whole}) > 2
    schedule, optimizer = build()
    seen, done = [], 0
    for split in (*splits, _STEPS):
        seen += _train(schedule, optimizer, done, split)
        done = split
        # As a file would hold it: plain containers, numbers and texts.
        state = _as_stored(schedule.state_dict())
        of_optimizer = copy.deepcopy(optimizer.state_dict())
        schedule, optimizer = build()
        optimizer.load_state_dict(of_optimizer)
        schedule.load_state_dict(state)
    assert seen == whole


def _as_stored(value: Any) -> Any:
    if type(value) is dict:
        assert all(type(key) in (str, int) for key in value)
        return {key: _as_stored(item) for key, item in value.items()}
    if type(value) is list:
        return [_as_stored(item) for item in value]
    assert value is None or type(value) in (bool, int, float, str), type(value)
    return json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "settings",
    [
        {"scheduler_name": "StepLR", "step_size": 0},
        {"scheduler_name": "CosineAnnealingLR", "T_max": 0},
        {
            "scheduler_name": "ChainedScheduler",
            "schedulers": [{"scheduler_name": "StepLR", "step_size": 0}],
        },
    ],
)
def test_a_scheduler_that_could_not_step_is_refused_before_it_begins(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ConfigError, match=r"^scheduler_kwargs.*cannot step with its arguments"):
        _built(**settings)
