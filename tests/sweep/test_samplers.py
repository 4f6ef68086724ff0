"""Samplers: what a trial gets depends on the seed and the trial, not on who asks."""

from __future__ import annotations

import pytest

from stride.errors import ConfigError
from stride.sweep.definition import check_trials
from stride.sweep.drawing import first_points
from stride.sweep.options import read_options
from stride.sweep.pruners import PRUNERS, build_pruner, check_pruner
from stride.sweep.samplers import SAMPLERS, check_sampler
from stride.sweep.space import Choice, Dimension, Real, Whole
from tests.sweep.conftest import definition_of

SPACE: dict[str, Dimension] = {
    "lr": Real(low=1e-5, high=1e-1, log=True),
    "width": Whole(low=8, high=64, step=8),
    "name": Choice(values=("a", "b", None)),
}


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_the_same_seed_gives_the_same_points_and_another_others(sampler: str) -> None:
    values = {"space": SPACE, "sampler": sampler, "trials": 6}
    points = first_points(definition_of(**values), 6)
    assert points == first_points(definition_of(**values), 6)
    assert points != first_points(definition_of(**{**values, "seed": 1}), 6)
    for point in points:
        assert 1e-5 <= point["lr"] <= 1e-1
        assert point["width"] in range(8, 65, 8)
        assert point["name"] in ("a", "b", None)
    assert len({point["lr"] for point in points}) == 6


def test_options_are_those_of_optunas_class() -> None:
    check_sampler("tpe", read_options(["n_startup_trials=5"], "--sampler-option"), SPACE)
    with pytest.raises(ConfigError, match="did you mean n_startup_trials"):
        check_sampler("tpe", {"n_startup_trial": 5}, SPACE)
    with pytest.raises(ConfigError, match="no option seed"):
        check_sampler("tpe", {"seed": 5}, SPACE)
    with pytest.raises(ConfigError, match="has no options"):
        check_sampler("random", {"a": 1}, SPACE)
    with pytest.raises(ConfigError, match="it is one of grid, random"):
        check_sampler("bayes", {}, SPACE)
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        read_options(["x"], "--sampler-option")
    with pytest.raises(ConfigError, match="at least two"):
        check_sampler("cmaes", {}, {"lr": SPACE["lr"], "name": SPACE["name"]})


@pytest.mark.parametrize("name", [name for name in PRUNERS if name != "threshold"])
def test_every_pruner_is_built_from_its_name_alone(name: str) -> None:
    check_pruner(name, {}, "val_loss")
    build_pruner(definition_of(pruner=name, resource=4))


def test_a_pruner_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ConfigError, match="needs a bound"):
        check_pruner("threshold", {}, "val_loss")
    check_pruner("threshold", {"upper": 5.0}, "val_loss")
    with pytest.raises(ConfigError, match="measured at the end"):
        check_pruner("median", {}, "test.accuracy")
    with pytest.raises(ConfigError, match="needs a --pruner"):
        check_pruner("none", {"a": 1}, "val_loss")
    with pytest.raises(ConfigError, match="refuses its options"):
        check_pruner("percentile", {"percentile": 200.0}, "val_loss")


def test_a_grid_needs_values_and_a_sampler_a_number_of_trials() -> None:
    with pytest.raises(ConfigError, match="lr is log from 1e-05"):
        check_trials(SPACE, "grid", None)
    with pytest.raises(ConfigError, match="--trials N"):
        check_trials(SPACE, "tpe", None)
    names = {"name": SPACE["name"]}
    assert (check_trials(names, "grid", None), check_trials(names, "grid", 2)) == (3, 2)
