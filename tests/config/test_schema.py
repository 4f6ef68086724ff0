"""The schema of a config."""

from __future__ import annotations

import json
from typing import Any

import pydantic
import pytest

from stride.config.fit_kwargs import FitKwargs
from stride.config.schema import NAMED_GROUPS, Config, Named
from stride.errors import StoredFileError


def test_the_stored_form_begins_with_its_format_and_has_no_addresses() -> None:
    tree = Config().to_json()
    assert next(iter(tree.items())) == ("format", 1)
    assert {"work_dir", "run"}.isdisjoint(tree)
    assert list(tree["model_kwargs"]) == ["model_name"]
    assert list(tree["scheduler_kwargs"]) == [
        *("scheduler_name", "interval", "monitor", "warmup_steps", "warmup_factor")
    ]


def test_names_and_arguments_stand_side_by_side() -> None:
    config = Config(model_kwargs=Named(name="Net", arguments={"name": "x", "width": 3}))
    tree = config.to_json()
    assert tree["model_kwargs"] == {"model_name": "Net", "name": "x", "width": 3}
    assert Config.from_json(json.loads(json.dumps(tree))) == config


def test_a_config_cannot_be_changed() -> None:
    config = Config()
    with pytest.raises(pydantic.ValidationError):
        config.seed = 3  # type: ignore[misc]
    config.to_json()["model_kwargs"]["x"] = 1
    assert config == Config()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"seed": -1},
        {"seed": True},
        {"model_kwargs": 3},
        {"model_kwargs": {}},
        {"unknown": 1},
        {"fit_kwargs": {"max_epochs": 0}},
        {"fit_kwargs": {"clip_norm": 0}},
        {"scheduler_kwargs": {"scheduler_name": None, "interval": "year"}},
    ],
)
def test_a_stored_tree_of_another_structure_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(StoredFileError):
        Config.from_json({**Config().to_json(), **change})


def test_every_field_has_one_line_of_help() -> None:
    def helps(model: type[pydantic.BaseModel]) -> None:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, pydantic.BaseModel):
                helps(inner)
            elif name not in ("name", "arguments"):
                assert field.description, f"{model.__name__}.{name}"
                assert "\n" not in field.description

    helps(Config)
    assert set(NAMED_GROUPS) <= set(Config.model_fields)


def test_a_monitor_has_a_direction() -> None:
    assert FitKwargs(monitors=["val_loss:min"]).monitors == ["val_loss:min"]
    with pytest.raises(pydantic.ValidationError, match="val_accuracy:max"):
        FitKwargs(monitors=["val_loss"])


def test_a_number_of_threads_that_no_machine_can_start_is_refused() -> None:
    assert FitKwargs(threads=1024).threads == 1024
    with pytest.raises(pydantic.ValidationError, match="less than or equal to 1024"):
        FitKwargs(threads=100_000)
