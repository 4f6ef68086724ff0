"""Layers of settings resolved to one config."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.catalog import Catalog
from stride.config.differences import flatten
from stride.config.overrides import parse_override
from stride.config.resolution import Layer, Resolved, resolve
from stride.config.schema import Config
from stride.errors import CodeReferenceError, ConfigError

Settle = Callable[..., Resolved]

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "device": st.sampled_from(["auto", "cpu", "cuda:1"]),
        "model_kwargs.hidden_dims": st.lists(st.integers(1, 9)),
        "model_kwargs.dropout": st.floats(0, 1) | st.integers(0, 1),
        "optimizer_kwargs.betas": st.tuples(st.floats(0, 1), st.floats(0, 1)),
        "fit_kwargs.max_steps": st.none() | st.integers(1, 9),
        "fit_kwargs.monitors": st.lists(st.sampled_from(["val_loss:min", "val_r2:max"])),
        "task_kwargs.metrics": st.lists(
            st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))
        ),
        "log_kwargs.progress": st.booleans(),
    },
)


@given(SETTINGS)
def test_a_resolved_config_written_and_read_again_is_the_same(
    catalog: Catalog, settings: dict[str, Any]
) -> None:
    resolved = resolve([Layer(settings=settings)], catalog)
    written = json.dumps(resolved.config.to_json(), allow_nan=False)
    assert Config.from_json(json.loads(written)) == resolved.config
    assert resolved.chosen == tuple(sorted(settings))


@given(SETTINGS)
def test_resolving_what_was_chosen_gives_the_same_config(
    catalog: Catalog, settings: dict[str, Any]
) -> None:
    resolved = resolve([Layer(settings=settings)], catalog)
    assert resolve([Layer(tree=resolved.chosen_tree())], catalog) == resolved
    whole = resolve([Layer(tree=resolved.config.to_json())], catalog)
    assert whole.config == resolved.config


@given(SETTINGS, SETTINGS)
def test_the_higher_layer_wins_key_by_key(
    catalog: Catalog, low: dict[str, Any], high: dict[str, Any]
) -> None:
    layered = resolve([Layer(settings=low), Layer(settings=high)], catalog)
    assert layered == resolve([Layer(settings={**low, **high})], catalog)


@given(SETTINGS)
def test_a_layer_twice_is_the_layer_once(catalog: Catalog, settings: dict[str, Any]) -> None:
    layer = Layer(settings=settings)
    assert resolve([layer, layer], catalog) == resolve([layer], catalog)
    assert resolve([Layer(), layer, Layer()], catalog) == resolve([layer], catalog)


def test_defaults_are_whole_and_nothing_is_chosen(settle: Settle) -> None:
    resolved = settle()
    assert resolved.chosen == ()
    config = resolved.config
    assert config.task_kwargs.name == "supervised"
    assert config.dataset_kwargs.name == "digits"
    assert config.model_kwargs.name == "MLP"
    assert config.model_kwargs.arguments["hidden_dims"] == [64]
    assert config.optimizer_kwargs.arguments == {"lr": 0.001, "betas": [0.9, 0.999]}
    assert config.scheduler_kwargs.name is None


def test_layers_rise_from_the_experiment_to_files_to_the_command_line(catalog: Catalog) -> None:
    layers = [
        Layer("exp/config.json", {"format": 1, "seed": 1, "fit_kwargs": {"max_epochs": 2}}),
        Layer("fast.yaml", {"fit_kwargs": {"max_epochs": 3, "max_steps": 9}}),
        Layer(overrides=(parse_override("fit_kwargs.max_steps=8"), parse_override("seed=4"))),
    ]
    resolved = resolve(layers, catalog)
    assert resolved.config.seed == 4
    assert (resolved.config.fit_kwargs.max_epochs, resolved.config.fit_kwargs.max_steps) == (3, 8)
    assert resolved.chosen == ("fit_kwargs.max_epochs", "fit_kwargs.max_steps", "seed")


def test_what_was_chosen_is_a_tree_without_defaults(settle: Settle) -> None:
    resolved = settle("seed=3", "model_kwargs.hidden_dims=9", "task_kwargs.loss_name=HuberLoss")
    assert resolved.chosen_tree() == {
        "model_kwargs": {"hidden_dims": [9]},
        "seed": 3,
        "task_kwargs": {"loss_name": "HuberLoss"},
    }


def test_a_changed_name_drops_what_the_new_thing_does_not_take(settle: Settle) -> None:
    tree = {"model_kwargs": {"hidden_dims": [3], "dropout": 0.5}}
    resolved = settle("model_kwargs.model_name=ResNet", tree=tree)
    assert resolved.config.model_kwargs.arguments["dropout"] == 0.5
    assert "hidden_dims" not in resolved.config.model_kwargs.arguments
    assert resolved.chosen == ("model_kwargs.dropout", "model_kwargs.model_name")


def test_the_same_name_given_again_drops_nothing(settle: Settle) -> None:
    tree = {"model_kwargs": {"hidden_dims": [3]}}
    resolved = settle("model_kwargs.model_name=MLP", tree=tree)
    assert resolved.config.model_kwargs.arguments["hidden_dims"] == [3]


def test_a_name_of_nothing_drops_all_arguments(settle: Settle) -> None:
    tree = {"scheduler_kwargs": {"scheduler_name": "StepLR", "step_size": 3, "interval": "step"}}
    config = settle("scheduler_kwargs.scheduler_name=null", tree=tree).config
    assert (config.scheduler_kwargs.name, config.scheduler_kwargs.arguments) == (None, {})
    assert config.scheduler_kwargs.interval == "step"


def test_keys_of_the_layer_that_changes_the_name_are_checked_against_the_new_thing(
    settle: Settle,
) -> None:
    with pytest.raises(ConfigError, match=r"unknown key model_kwargs\.hidden_dims for ResNet"):
        settle("model_kwargs.hidden_dims=3", "model_kwargs.model_name=ResNet")
    resolved = settle("model_kwargs.channels=3", "model_kwargs.model_name=ResNet")
    assert resolved.config.model_kwargs.arguments["channels"] == [3]


def test_a_value_that_stays_is_checked_against_the_new_thing(catalog: Catalog) -> None:
    tree = {"model_kwargs": {"model_name": "Free", "dropout": "much"}}
    lower = resolve([Layer(tree=tree)], catalog)
    assert lower.config.model_kwargs.arguments["dropout"] == "much"
    higher = Layer(settings={"model_kwargs.model_name": "MLP"})
    with pytest.raises(ConfigError, match=r"dropout must be a number, not \"much\" \(in low\.json"):
        resolve([Layer("low.json", tree), higher], catalog)


def test_a_text_that_stays_is_read_again_for_the_new_thing(catalog: Catalog) -> None:
    texts = ["model_kwargs.model_name=gone.py:Net", "model_kwargs.hidden_dims=64,64"]
    lower = Layer(overrides=tuple(parse_override(text) for text in texts))
    higher = Layer(settings={"model_kwargs": {"model_name": "MLP"}})
    resolved = resolve([lower, higher], catalog)
    assert resolved.config.model_kwargs.arguments["hidden_dims"] == [64, 64]


def test_arguments_of_a_thing_that_takes_any_do_not_pass_to_another(settle: Settle) -> None:
    tree = {"model_kwargs": {"model_name": "Free", "width": 3, "other": 1}}
    assert settle(tree=tree).config.model_kwargs.arguments == {"width": 3, "other": 1}
    assert settle("model_kwargs.other=2", tree=tree).config.model_kwargs.arguments["other"] == 2
    net = settle("model_kwargs.model_name=Net", tree=tree)
    assert net.config.model_kwargs.arguments == {"width": 3}


def test_an_object_handed_over_has_no_arguments_of_the_old_thing(catalog: Catalog) -> None:
    layers = [
        Layer("exp/config.json", {"model_kwargs": {"hidden_dims": [3]}}),
        Layer(settings={"model_kwargs.model_name": "object:my.nets.Net"}),
    ]
    config = resolve(layers, catalog).config
    assert (config.model_kwargs.name, config.model_kwargs.arguments) == ("object:my.nets.Net", {})


def test_an_object_cannot_be_typed(settle: Settle) -> None:
    with pytest.raises(ConfigError, match="can only be handed over in Python"):
        settle("model_kwargs.model_name=object:my.nets.Net")


def test_code_that_a_higher_layer_replaces_is_not_looked_up(catalog: Any) -> None:
    layers = [
        Layer(tree={"model_kwargs": {"model_name": "gone.module:Net", "depth": 3}}),
        Layer(settings={"model_kwargs.model_name": "MLP"}),
    ]
    catalog.looked_up.clear()
    assert resolve(layers, catalog).chosen == ("model_kwargs.model_name",)
    assert "gone.module:Net" not in catalog.looked_up
    with pytest.raises(CodeReferenceError, match=r"^model_kwargs\.model_name: gone\.module:Net"):
        resolve(layers[:1], catalog)


def test_a_typo_for_a_built_in_that_is_replaced_is_still_an_error(catalog: Catalog) -> None:
    layers = [
        Layer("exp/config.json", {"model_kwargs": {"hiden_dims": [3]}}),
        Layer(settings={"model_kwargs.model_name": "ResNet"}),
    ]
    with pytest.raises(ConfigError, match=r"hiden_dims for MLP in exp/config\.json; did you mean"):
        resolve(layers, catalog)


def test_a_nested_thing_has_its_own_arguments(settle: Settle) -> None:
    key = "task_kwargs.loss_kwargs.label_smoothing"
    resolved = settle("task_kwargs.loss_name=CrossEntropyLoss", f"{key}=.1")
    assert resolved.config.task_kwargs.arguments["loss_kwargs"] == {"label_smoothing": 0.1}
    changed = settle("task_kwargs.loss_name=HuberLoss", tree=resolved.chosen_tree())
    assert changed.config.task_kwargs.arguments["loss_kwargs"] == {"delta": 1.0}
    assert changed.chosen == ("task_kwargs.loss_name",)
    with pytest.raises(ConfigError, match=r"choose task_kwargs\.loss_name as well"):
        settle(f"{key}=.1")


def test_an_argument_without_default_must_be_given(settle: Settle) -> None:
    with pytest.raises(ConfigError, match=r"scheduler_kwargs\.step_size is needed by StepLR and"):
        settle("scheduler_kwargs.scheduler_name=StepLR")
    config = settle("scheduler_kwargs.scheduler_name=StepLR", "scheduler_kwargs.step_size=3").config
    assert config.scheduler_kwargs.arguments == {"step_size": 3, "gamma": 0.1}


def test_shapes_that_nobody_gives_are_left_to_the_data(settle: Settle) -> None:
    assert settle().config.model_kwargs.arguments["input_shape"] is None
    given = settle("model_kwargs.input_shape=8,8").config
    assert given.model_kwargs.arguments["input_shape"] == [8, 8]


def test_a_default_that_no_json_holds_is_left_to_the_thing(settle: Settle) -> None:
    config = settle("model_kwargs.model_name=Net", "model_kwargs.width=3").config
    assert config.model_kwargs.arguments == {"width": 3}


def test_elements_and_entries_are_set_one_by_one(settle: Settle) -> None:
    resolved = settle("model_kwargs.hidden_dims.0=3", "model_kwargs.hidden_dims.1=4")
    assert resolved.config.model_kwargs.arguments["hidden_dims"] == [3, 4]
    assert resolved.chosen == ("model_kwargs.hidden_dims",)
    texts = ["model_kwargs.model_name=ResNet", "model_kwargs.blocks.0.width=5"]
    blocks = settle(*texts, "model_kwargs.blocks.0.act=relu").config.model_kwargs.arguments
    assert blocks["blocks"] == [{"width": 5, "act": "relu"}]


def test_mappings_merge_key_by_key(settle: Settle) -> None:
    tree = {"dataset_kwargs": {"dataset_name": "arrays", "inputs": "/x", "fractions": {"val": 0.2}}}
    resolved = settle("dataset_kwargs.fractions.test=.1", tree=tree)
    fractions = resolved.config.dataset_kwargs.arguments["fractions"]
    assert fractions == {"train": 0.8, "val": 0.2, "test": 0.1}


def test_a_group_takes_json(settle: Settle) -> None:
    typed = 'model_kwargs={"model_name": "ResNet", "channels": [4]}'
    config = settle(typed).config
    assert config.model_kwargs.name == "ResNet"
    assert config.model_kwargs.arguments["channels"] == [4]
    with pytest.raises(ConfigError, match=r"a group of keys; write model_kwargs\.model_name="):
        settle("model_kwargs=ResNet")


def test_removing_gives_the_default_back(settle: Settle) -> None:
    tree = {"seed": 5, "model_kwargs": {"model_name": "ResNet", "channels": [3]}}
    assert settle(tree=tree, remove="seed").config.seed == 0
    assert settle(tree=tree, remove="model_kwargs.channels").chosen == (
        "model_kwargs.model_name",
        "seed",
    )
    whole = settle(tree=tree, remove="model_kwargs")
    assert whole.config.model_kwargs.name == "MLP"
    assert whole.chosen == ("seed",)


def test_removing_a_name_drops_what_the_default_does_not_take(settle: Settle) -> None:
    tree = {"model_kwargs": {"model_name": "ResNet", "channels": [3], "dropout": 0.5}}
    resolved = settle(tree=tree, remove="model_kwargs.model_name")
    assert resolved.chosen == ("model_kwargs.dropout",)


def test_removing_an_entry_drops_it_from_a_free_mapping(settle: Settle) -> None:
    tree = {"dataset_kwargs": {"dataset_name": "arrays", "inputs": "/x"}}
    config = settle(tree=tree, remove="dataset_kwargs.fractions.val").config
    assert config.dataset_kwargs.arguments["fractions"] == {"train": 0.8}
    with pytest.raises(ConfigError, match=r"there is no dataset_kwargs\.fractions\.x to remove"):
        settle(tree=tree, remove="dataset_kwargs.fractions.x")
    with pytest.raises(ConfigError, match="is an element of a list"):
        settle(remove="model_kwargs.hidden_dims.0")


def test_a_removed_key_must_exist_and_not_be_given(settle: Settle) -> None:
    with pytest.raises(ConfigError, match=r"unknown key model_kwargs\.hiden_dims for MLP; did you"):
        settle(remove="model_kwargs.hiden_dims")
    with pytest.raises(ConfigError, match="seed is given and removed at once"):
        settle("seed=3", remove="seed")


def test_relative_paths_start_where_they_were_written(catalog: Catalog, tmp_path: Path) -> None:
    tree = {"dataset_kwargs": {"dataset_name": "arrays", "inputs": "../x.npz", "masks": ["m.npy"]}}
    folder = tmp_path / "configs"
    arguments = resolve([Layer("c.json", tree, folder=folder)], catalog).config.dataset_kwargs
    assert arguments.arguments["inputs"] == str(tmp_path / "x.npz")
    assert arguments.arguments["masks"] == [str(folder / "m.npy")]
    typed = Layer(overrides=(parse_override("dataset_kwargs.inputs=~/y.npz"),))
    home = resolve([Layer("c.json", tree, folder=folder), typed], catalog).config.dataset_kwargs
    assert home.arguments["inputs"] == str(Path.home() / "y.npz")


def test_a_file_of_code_is_named_by_its_absolute_path(catalog: Catalog, tmp_path: Path) -> None:
    layer = Layer(tree={"model_kwargs": {"model_name": "my/net.py:Net"}}, folder=tmp_path)
    config = resolve([layer], catalog).config
    assert config.model_kwargs.name == f"{tmp_path}/my/net.py:Net"
    assert config.model_kwargs.arguments == {"width": 8}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("fit_kwargs.max_epochs=-1", "fit_kwargs.max_epochs must be at least 1, not -1"),
        ("optimizer_kwargs.lr=nan", "optimizer_kwargs.lr must be a finite number, not nan"),
        (
            "load_data_kwargs.train_loader_kwargs.batch_size=0",
            "load_data_kwargs.train_loader_kwargs.batch_size must be at least 1, not 0",
        ),
        ("optimizer_kwargs.lr=true", 'optimizer_kwargs.lr must be a number, not "true"'),
        (
            "optimizer_kwargs.lr.x=1",
            "optimizer_kwargs.lr is a number: it has no element or entry x",
        ),
        ("seed=-1", "seed must be 0 or more, and less than 2**63, not -1"),
        ("device=GPU 1", 'device must be "auto", "cpu", "cuda", "cuda:1", "mps" or the like, not'),
        ("fit_kwargs.monitors=acc", "fit_kwargs.monitors.0 must be a metric and its direction"),
        ("model_kwargs.model_name=ResNt", "model_kwargs.model_name: no model is called ResNt; did"),
        ("model_kwargs.model_name=", "model_kwargs.model_name must be a name, not ''"),
        (
            'dataset_kwargs={"dataset_name": "arrays", "inputs": ""}',
            "dataset_kwargs.inputs must be a path",
        ),
        ("model_kwargs.hidden_dims.9=1", "model_kwargs.hidden_dims.9 is no element"),
    ],
)
def test_a_wrong_value_is_one_sentence(settle: Settle, typed: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settle(typed)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"seed": "1"}, 'seed must be an integer, not "1" (in exp/config.json)'),
        ({"seed": True}, "seed must be an integer, not true (in exp/config.json)"),
        ({"model_kwargs": {"dropout": True}}, "model_kwargs.dropout must be a number, not true"),
        ({"model_kwargs": []}, "model_kwargs is a group of keys (in exp/config.json)"),
        ({"model_kwargs": {"dropout": float("nan")}}, "model_kwargs.dropout must be a finite"),
        ({"model_kwargs": {"hidden_dims": {3}}}, "model_kwargs.hidden_dims is of type set"),
        ({"model_kwargs": {"model_name": 3}}, "model_kwargs.model_name must be a name, not 3"),
        ({"format": 2}, "exp/config.json is of format 2"),
        ({"run": "x"}, "run in exp/config.json is an address, not a setting"),
        (
            {"model_kwargs.dropout": 1},
            r"unknown key model_kwargs\.dropout in exp/config.json: a dot does not nest here; "
            "write dropout under model_kwargs",
        ),
        ({"seeed": 1}, "unknown key seeed in exp/config.json; did you mean seed (integer, def"),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_it(
    settle: Settle, tree: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settle(tree=tree)
    assert str(caught.value).startswith(sentence)


def test_layers_are_not_changed_by_resolving_them(catalog: Catalog) -> None:
    tree: dict[str, Any] = {"model_kwargs": {"hidden_dims": [1]}, "task_kwargs": {"metrics": ["a"]}}
    before = json.dumps(tree)
    typed = (parse_override("model_kwargs.hidden_dims.1=3"),)
    first = resolve([Layer(tree=tree), Layer(overrides=typed)], catalog)
    first.config.task_kwargs.arguments["metrics"].append("b")
    assert json.dumps(tree) == before
    assert resolve([], catalog).config.task_kwargs.arguments["metrics"] == ["accuracy"]


def test_every_leaf_of_the_config_may_be_typed_back(settle: Settle) -> None:
    leaves = flatten(
        settle("dataset_kwargs.dataset_name=arrays", "dataset_kwargs.inputs=x").config.to_json()
    )
    typed = [
        f"{key}={json.dumps(value)}"
        for key, value in leaves.items()
        if key != "format" and not isinstance(value, str)
    ]
    texts = [f"{key}={value}" for key, value in leaves.items() if isinstance(value, str)]
    again = settle(*texts, *(text for text in typed if not text.endswith(("={}", "=[]"))))
    assert flatten(again.config.to_json()) == leaves
