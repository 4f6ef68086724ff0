"""Stored configs rebuilt with the things of today."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from stride.config.catalog import Catalog
from stride.config.resolution import Resolved
from stride.config.stored import load_stored
from stride.errors import CodeReferenceError, ConfigError

Settle = Callable[..., Resolved]


def test_a_stored_config_is_loaded_as_it_was(settle: Settle, catalog: Catalog) -> None:
    resolved = settle("model_kwargs.model_name=Free", "model_kwargs.x=1", "seed=3")
    assert load_stored(resolved.config.to_json(), resolved.chosen, catalog) == (resolved.config, [])


def test_an_unknown_key_that_nobody_chose_is_dropped_with_a_warning(
    settle: Settle, catalog: Catalog
) -> None:
    tree = settle().config.to_json()
    old = copy.deepcopy(tree)
    old["model_kwargs"]["dropuot"] = 0.5
    old["gone_kwargs"] = {"a": 1}
    config, warnings = load_stored(old, ["seed"], catalog)
    assert config.to_json() == tree
    assert len(warnings) == 2
    assert "model_kwargs.dropuot is not known to MLP any more" in warnings[0]


@pytest.mark.parametrize("chosen", ["model_kwargs.old", "model_kwargs.old.entry"])
def test_an_unknown_key_that_was_chosen_is_an_error_that_names_it(
    settle: Settle, catalog: Catalog, chosen: str
) -> None:
    tree = settle().config.to_json()
    tree["model_kwargs"]["old"] = {"entry": 1}
    with pytest.raises(ConfigError, match=r"model_kwargs\.old was chosen for this run"):
        load_stored(tree, [chosen], catalog)


def test_a_key_that_came_later_has_its_default(settle: Settle, catalog: Catalog) -> None:
    tree = settle().config.to_json()
    del tree["model_kwargs"]["dropout"], tree["log_kwargs"]
    config, warnings = load_stored(tree, [], catalog)
    assert (config, warnings) == (settle().config, [])


def test_an_argument_that_came_later_without_default_is_told(
    settle: Settle, catalog: Catalog
) -> None:
    tree = settle("scheduler_kwargs.scheduler_name=StepLR", "scheduler_kwargs.step_size=3")
    stored = tree.config.to_json()
    del stored["scheduler_kwargs"]["step_size"]
    with pytest.raises(ConfigError, match=r"does not have scheduler_kwargs\.step_size"):
        load_stored(stored, tree.chosen, catalog)


def test_a_value_of_another_type_is_told(settle: Settle, catalog: Catalog) -> None:
    tree = settle().config.to_json()
    tree["model_kwargs"]["hidden_dims"] = "many"
    with pytest.raises(ConfigError, match=r"hidden_dims must be a list of integers"):
        load_stored(tree, [], catalog)


def test_things_that_are_not_rebuilt_are_not_looked_up(settle: Settle, catalog: Catalog) -> None:
    tree = settle().config.to_json()
    tree["dataset_kwargs"] = {"dataset_name": "gone.module:Data", "root": "/data"}
    with pytest.raises(CodeReferenceError, match="does not resolve"):
        load_stored(tree, [], catalog)
    config, warnings = load_stored(tree, [], catalog, kinds=("model", "task"))
    assert config.dataset_kwargs.arguments == {"root": "/data"}
    assert warnings == []
