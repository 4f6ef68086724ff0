"""The draft, while layers are laid over each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.config.catalog import Catalog
from stride.config.draft import Draft, Step
from stride.config.outline import Group, Leaf, outline
from stride.errors import ConfigError


def outline_of(catalog: Catalog, **names: str) -> Group:
    return outline(lambda leaf: names.get(leaf.kind or "", leaf.default), catalog)


def step(key: str, value: Any, is_text: bool = False) -> Step:
    return Step(tuple(key.split(".")), value, is_text, "", Path("/here"))


def value_of(draft: Draft, key: str) -> Any:
    leaf = draft.outline.find(tuple(key.split(".")))
    assert isinstance(leaf, Leaf)
    return draft.value(leaf)


def test_a_draft_begins_with_the_defaults(catalog: Catalog) -> None:
    draft = Draft(outline_of(catalog))
    assert draft.choices == {}
    assert value_of(draft, "model_kwargs.hidden_dims") == [64]


def test_a_step_sets_a_leaf_or_all_of_a_group(catalog: Catalog) -> None:
    draft = Draft(outline_of(catalog))
    draft.apply(step("model_kwargs.hidden_dims", "3,4", is_text=True))
    draft.apply(step("model_kwargs", {"dropout": 1}))
    assert value_of(draft, "model_kwargs.hidden_dims") == [3, 4]
    assert value_of(draft, "model_kwargs.dropout") == 1.0


def test_another_outline_drops_what_it_does_not_have(catalog: Catalog) -> None:
    draft = Draft(outline_of(catalog))
    draft.apply(step("model_kwargs", {"dropout": 0.5, "hidden_dims": [3]}))
    draft.move_to(outline_of(catalog, model="ResNet"))
    assert list(draft.choices) == [("model_kwargs", "dropout")]
    draft.move_to(outline_of(catalog))
    assert value_of(draft, "model_kwargs.hidden_dims") == [64]


def test_a_default_is_not_changed_by_setting_an_element_of_it(catalog: Catalog) -> None:
    whole = outline_of(catalog)
    draft = Draft(whole)
    draft.apply(step("task_kwargs.metrics.0", "r2"))
    assert value_of(draft, "task_kwargs.metrics") == ["r2"]
    assert value_of(Draft(whole), "task_kwargs.metrics") == ["accuracy"]


def test_removing_a_group_removes_all_that_was_chosen_in_it(catalog: Catalog) -> None:
    draft = Draft(outline_of(catalog))
    draft.apply(step("fit_kwargs", {"max_epochs": 3, "max_steps": 4}))
    draft.remove(("fit_kwargs",), draft.outline)
    assert draft.choices == {}
    with pytest.raises(ConfigError, match="unknown key fit_kwarg"):
        draft.remove(("fit_kwarg",), draft.outline)
