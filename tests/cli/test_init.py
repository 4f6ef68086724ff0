"""`stride init`."""

import json
from pathlib import Path
from typing import Any

from stride.cli.init import FIELDS
from stride.store.work_dir import WorkDir


def test_an_experiment_holds_what_was_chosen_and_no_defaults(stride: Any, tmp_path: Path) -> None:
    answer = stride("init", "exp", "--config", "optimizer_kwargs.lr=3e-4")
    assert (answer.code, answer.out, answer.err) == (0, "exp\n", "")
    config = json.loads((tmp_path / "exp" / "config.json").read_text())
    assert config == {"format": 1, "optimizer_kwargs": {"lr": 0.0003}}


def test_every_run_starts_from_it_and_none_changes_it(stride: Any, tmp_path: Path) -> None:
    stride("init", "exp", "--config", "seed=7", "--config", "optimizer_kwargs.lr=0.1")
    before = (tmp_path / "exp" / "config.json").read_bytes()
    stride("create", "--config", "work_dir=exp", "--config", "optimizer_kwargs.lr=0.2")
    config = WorkDir(tmp_path / "exp").run(0).read_config()
    assert (config["seed"], config["optimizer_kwargs"]["lr"]) == (7, 0.2)
    assert (tmp_path / "exp" / "config.json").read_bytes() == before


def test_a_folder_with_other_content_is_taken_and_keeps_it(stride: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert stride("init", ".").code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert stride("list").err.startswith(". has no runs yet")


def test_a_key_that_is_wrong_leaves_no_experiment(stride: Any, tmp_path: Path) -> None:
    answer = stride("init", "exp", "--config", "lr=1")
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean optimizer_kwargs.lr" in answer.err
    assert not (tmp_path / "exp").exists()


def test_paths_with_spaces_and_letters_of_any_script(stride: Any, tmp_path: Path) -> None:
    assert stride("init", "größe 学習").out == "größe 学習\n"
    assert WorkDir(tmp_path / "größe 学習").exists()
    created = stride("create", "--config", "work_dir=größe 学習")
    assert created.out == "größe 学習/0\n"


def test_the_fields_are_those_that_are_documented(stride: Any) -> None:
    assert set(stride("init", "exp", "--json").json) == set(FIELDS)
