"""Every key, with type, default and help."""

from __future__ import annotations

from collections.abc import Callable

from stride.config.catalog import Catalog
from stride.config.differences import flatten
from stride.config.dotted import lookup, split_key
from stride.config.keys import Key, every_key
from stride.config.resolution import Resolved
from stride.config.signature import MISSING, OPAQUE

Settle = Callable[..., Resolved]


def keys_of(resolved: Resolved, catalog: Catalog) -> dict[str, Key]:
    return {key.path: key for key in every_key(resolved.config, catalog)}


def test_the_keys_are_those_of_the_config(settle: Settle, catalog: Catalog) -> None:
    config = settle("task_kwargs.loss_name=HuberLoss").config
    keys = every_key(config, catalog)
    tree = config.to_json()
    arguments_of_nothing = {
        f"load_data_kwargs.{split}_loader_kwargs.{kind}_kwargs"
        for split, kinds in {"train": ("sampler", "collate"), "val": ("collate",)}.items()
        for kind in kinds
    } | {"load_data_kwargs.test_loader_kwargs.collate_kwargs"}
    assert {key.path for key in keys} == set(flatten(tree)) - {"format"} - arguments_of_nothing
    for key in keys:
        if key.path != "task_kwargs.loss_name":
            assert lookup(tree, split_key(key.path)) == key.default


def test_a_key_says_type_default_help_and_choices(settle: Settle, catalog: Catalog) -> None:
    keys = keys_of(settle("model_kwargs.model_name=ResNet"), catalog)
    assert keys["model_kwargs.channels"].type_text == "list of integers"
    assert keys["model_kwargs.channels"].default == [16, 32]
    assert keys["model_kwargs.activation"].choices == ("relu", "gelu")
    assert keys["model_kwargs.model_name"].choices == ("MLP", "ResNet", "Net", "Free")
    assert keys["load_data_kwargs.train_loader_kwargs.shuffle"].choices == ("true", "false")
    assert keys["scheduler_kwargs.interval"].type_text == '"epoch", "step" or "evaluation"'
    assert keys["seed"].help == "of weights, order of data, augmentation and dropout"


def test_arguments_without_a_default_to_show_are_listed(settle: Settle, catalog: Catalog) -> None:
    resolved = settle("model_kwargs.model_name=Net", "model_kwargs.width=3")
    keys = keys_of(resolved, catalog)
    assert keys["model_kwargs.width"].default is MISSING
    assert keys["model_kwargs.layer"].default is OPAQUE


def test_only_where_and_how_fast_cannot_change_the_result(settle: Settle, catalog: Catalog) -> None:
    keys = keys_of(settle(), catalog)
    assert not keys["device"].changes_result
    assert not keys["load_data_kwargs.val_loader_kwargs.num_workers"].changes_result
    assert keys["load_data_kwargs.val_loader_kwargs.batch_size"].changes_result
    assert keys["model_kwargs.dropout"].changes_result
