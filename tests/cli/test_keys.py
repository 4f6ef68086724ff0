"""`stride keys`."""

from pathlib import Path
from typing import Any

from stride.cli.keys import FIELDS, draw_keys
from stride.cli.known_keys import known_keys
from stride.cli.terminal import Terminal
from stride.cli.text import width_of


def test_every_key_has_type_default_and_help(stride: Any) -> None:
    keys = {key["key"]: key for key in stride("keys", "--json").json}
    lr = keys["optimizer_kwargs.lr"]
    assert (lr["type"], lr["default"], lr["required"]) == ("number", 0.001, False)
    assert lr["help"] == "learning rate"
    assert keys["fit_kwargs.max_epochs"]["changes_result"] is True
    assert keys["device"]["changes_result"] is False
    assert set(lr) == set(FIELDS) - {"[]"}


def test_a_prefix_chooses(stride: Any) -> None:
    lines = stride("keys", "scheduler_kwargs").out.splitlines()
    assert lines[0].split() == ["key", "type", "default", "help"]
    assert all(line.startswith("scheduler_kwargs.") for line in lines[1:])


def test_on_a_narrow_terminal_the_help_stands_below_its_key() -> None:
    lines = [*draw_keys(known_keys([]), Terminal(width=80))]
    assert all(width_of(line) <= 80 for line in lines)
    place = lines.index("optimizer_kwargs.lr  number, default 0.001")
    assert lines[place + 1] == "    learning rate"


def test_on_a_wide_terminal_the_keys_are_a_table() -> None:
    heading, *lines = draw_keys(known_keys([]), Terminal(width=200))
    assert heading.split() == ["key", "type", "default", "help"]
    assert all(width_of(line) <= 200 for line in lines)


def test_keys_of_other_things_are_shown_when_they_are_named(stride: Any) -> None:
    assert "model_kwargs.kernels" not in stride("keys", "model_kwargs").out
    answer = stride("keys", "model_kwargs", "--config", "model_kwargs.model_name=CNet")
    assert "model_kwargs.kernels" in answer.out


def test_keys_of_a_thing_that_needs_arguments_are_shown_without_them(stride: Any) -> None:
    name = "dataset_kwargs.dataset_name=arrays"
    assert "dataset_kwargs.path" in stride("keys", "dataset", "--config", name).out


def test_the_things_that_an_experiment_names_count(stride: Any) -> None:
    stride("init", "exp", "--config", "optimizer_kwargs.optimizer_name=SGD")
    answer = stride("keys", "optimizer_kwargs", "--config", "work_dir=exp")
    assert "optimizer_kwargs.momentum" in answer.out


def test_keys_of_the_users_own_model(stride: Any, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\nclass Net(nn.Module):\n"
        "    def __init__(self, width: int, depth: int = 2) -> None:\n"
        "        super().__init__()\n"
    )
    found = stride("keys", "model", "--config", "model_kwargs.model_name=net.py:Net", "--json").json
    keys = {key["key"]: key for key in found}
    assert keys["model_kwargs.width"]["required"] is True
    assert keys["model_kwargs.depth"]["default"] == 2


def test_a_misspelt_name_key_gets_a_hint(stride: Any) -> None:
    answer = stride("keys", "--config", "model_kwargs.modelname=MLP")
    assert answer.code == 2
    answer = stride("keys", "--config", "model_kwrgs.model_name=MLP")
    assert answer.err == (
        "error: unknown key model_kwrgs.model_name; did you mean model_kwargs.model_name?\n"
    )
