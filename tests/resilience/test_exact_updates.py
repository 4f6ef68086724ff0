"""Every optimiser and scheduler of torch, and compiled code, goes on exactly after kills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.errors import ConfigError
from stride.training.builtin_things import builtin_things
from stride.training.compiling import check_compiler
from stride.training.device import choose_device
from tests.resilience.comparison import differences
from tests.resilience.deaths import AtStep
from tests.resilience.trainings import Trainings, run_in

pytestmark = pytest.mark.matrix

CASE = "dropout and batch norm"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "ChainedScheduler": {
        "schedulers": [
            {"scheduler_name": "LinearLR"},
            {"scheduler_name": "ExponentialLR", "gamma": 0.98},
        ]
    },
    "CosineAnnealingWarmRestarts": {"T_0": 13},
    "CyclicLR": {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 9},
    "ExponentialLR": {"gamma": 0.97},
    "MultiStepLR": {"milestones": [15, 40]},
    "OneCycleLR": {"max_lr": 0.1},
    "SWALR": {"swa_lr": 0.05},
    "SequentialLR": {
        "schedulers": [
            {"scheduler_name": "LinearLR"},
            {"scheduler_name": "CosineAnnealingLR", "T_max": 30},
        ],
        "milestones": [10],
    },
    "StepLR": {"step_size": 11},
}
MATRICES_ONLY = frozenset({"Muon"})


def check(trainings: Trainings, folder: Path, settings: dict[str, Any]) -> None:
    """Killed three times, twice inside one epoch, it ends as if it never was."""
    for place in ("undisturbed", "killed"):
        (folder / place).mkdir()
    ending = trainings.train(folder / "undisturbed", CASE, settings=settings)
    assert ending.code == 0, ending.output
    for step in (9, 25, 8):
        assert trainings.train(folder / "killed", CASE, AtStep(step), settings=settings).killed
    ending = trainings.train(folder / "killed", CASE, settings=settings)
    assert ending.code == 0, ending.output
    assert differences(run_in(folder / "killed"), run_in(folder / "undisturbed")) == []


@pytest.mark.parametrize("name", sorted({*builtin_things("optimizer")} - MATRICES_ONLY))
def test_every_optimizer_goes_on_exactly(name: str, trainings: Trainings, tmp_path: Path) -> None:
    check(trainings, tmp_path, {"optimizer_kwargs": {"optimizer_name": name, "lr": 0.01}})


@pytest.mark.parametrize("name", builtin_things("scheduler"))
def test_every_scheduler_goes_on_exactly(name: str, trainings: Trainings, tmp_path: Path) -> None:
    interval = "evaluation" if name == "ReduceLROnPlateau" else "step"
    scheduler = {"scheduler_name": name, "interval": interval, "warmup_steps": 5}
    settings = {
        "optimizer_kwargs": {"optimizer_name": "SGD", "lr": 0.01, "momentum": 0.9},
        "scheduler_kwargs": scheduler | ARGUMENTS.get(name, {}),
    }
    check(trainings, tmp_path, settings)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler, about itself
def test_compiled_code_goes_on_exactly(trainings: Trainings, tmp_path: Path) -> None:
    try:
        check_compiler(choose_device("cpu"))
    except ConfigError as error:
        pytest.skip(str(error))
    check(trainings, tmp_path, {"fit_kwargs": {"compile": True}})
