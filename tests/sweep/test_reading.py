"""Reading a sweep: what is swept, what every trial has, each point checked against the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.config.overrides import parse_override
from stride.config.resolution import Layer
from stride.errors import ConfigError
from stride.sweep.reading import Sketch, read_sketch, resource_of
from stride.sweep.space import Choice, Real
from stride.sweep.sweep_file import read_sweep_file


def sketch(
    *typed: str, swept: dict[str, Any] | None = None, own: dict[str, Any] | None = None
) -> Sketch:
    layers = [
        Layer("exp/config.json", own or {}),
        Layer(overrides=tuple(map(parse_override, typed))),
    ]
    return read_sketch(layers, swept or {})


def test_the_schema_says_what_is_swept_and_what_is_one_value() -> None:
    found = sketch(
        "optimizer_kwargs.lr=1e-4,3e-4", "model_kwargs.hidden_dims=64,64", "seed=range:2",
        "optimizer_kwargs.betas=0.8,0.99",
    )  # fmt: skip
    assert found.space == {
        "optimizer_kwargs.lr": Choice(values=(1e-4, 3e-4)),
        "seed": Choice(values=(0, 1)),
    }
    assert found.settings == {
        "model_kwargs.hidden_dims": [64, 64],
        "optimizer_kwargs.betas": [0.8, 0.99],
    }


def test_an_element_of_a_list_can_be_swept() -> None:
    found = sketch("model_kwargs.hidden_dims=64,64", "model_kwargs.hidden_dims.1=8,16")
    assert found.space == {"model_kwargs.hidden_dims.1": Choice(values=(8, 16))}
    assert found.first.model_kwargs.arguments["hidden_dims"] == [64, 8]


def test_names_can_be_swept_and_what_a_thing_does_not_take_is_dropped() -> None:
    found = sketch("optimizer_kwargs.optimizer_name=AdamW,SGD", "optimizer_kwargs.amsgrad=true")
    assert found.settings["optimizer_kwargs.amsgrad"] is True
    assert found.space["optimizer_kwargs.optimizer_name"] == Choice(values=("AdamW", "SGD"))


def test_the_experiments_own_config_is_part_of_what_every_trial_has() -> None:
    found = sketch("seed=range:2", own={"format": 1, "fit_kwargs": {"max_epochs": 7}})
    assert found.settings == {"fit_kwargs.max_epochs": 7}
    assert resource_of(found) == 7
    assert resource_of(sketch("fit_kwargs.max_epochs=3,9")) == 9
    assert resource_of(sketch("seed=range:2", "fit_kwargs.evaluate_every=5")) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("optimizer_kwargs.lrr=1,2",), "did you mean optimizer_kwargs.lr"),
        (("optimizer_kwargs.lr=1e-4,x",), "must be a number"),
        (("optimizer_kwargs=a,b",), "is a group of keys"),
        (("seed=1",), "nothing is swept"),
        (("seed=1,2", "seed=3,4"), "swept twice"),
        (("seed=3", "seed=1,2"), "is swept as well"),
        (("model_kwargs.model_name=MLP,Nope",), "Nope"),
        (
            ("model_kwargs.model_name=MLP,CNN", "model_kwargs.hidden_dims=choice:4/8"),
            "at the point",
        ),
        (("seed=uniform:-5:5",), "seed must be"),
    ],
)
def test_a_space_that_does_not_hold_is_a_sentence(typed: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        sketch(*typed)


def test_a_sweep_file_has_lists_of_values_or_texts_as_they_are_typed(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(
        "config: {fit_kwargs: {max_epochs: 3}}\n"
        "space:\n"
        "  optimizer_kwargs.lr: log:1e-5:1e-1\n"
        "  model_kwargs: {hidden_dims: [[64, 64], [32]]}\n"
        "sampler: tpe\n"
        "sampler_options: {n_startup_trials: 5}\n"
        "trials: 20\n"
    )
    file = read_sweep_file(path)
    assert file.config == {"fit_kwargs.max_epochs": 3}
    assert (file.texts, file.numbers) == ({"sampler": "tpe"}, {"trials": 20})
    assert file.options == {"sampler_options": {"n_startup_trials": 5}}
    assert sketch(swept=dict(file.space)).space == {
        "optimizer_kwargs.lr": Real(low=1e-5, high=1e-1, log=True),
        "model_kwargs.hidden_dims": Choice(values=([64, 64], [32])),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spaces: {}", "did you mean space"),
        ("trials: many", "trials must be a number"),
        ("space: [1]", "space must be a mapping"),
        ("metric: 3", "metric must be a text"),
    ],
)
def test_a_sweep_file_that_does_not_hold_is_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_sweep_file(path)
