"""`--parent`: a run that is made with the config of another."""

from pathlib import Path
from typing import Any

from stride.store.work_dir import WorkDir

SMALL = ("--config", "fit_kwargs.max_epochs=1", "--config", "model_kwargs.hidden_dims=4")
IN_EXP = ("--config", "work_dir=exp", *SMALL)


def parents_of(work_dir: Path, name: str) -> list[tuple[str, str]]:
    return [(p.relation, p.run) for p in WorkDir(work_dir).run(name).read_record().parents]


def test_a_run_has_the_config_of_its_parent_with_the_keys_that_are_changed(
    stride: Any, tmp_path: Path
) -> None:
    stride("create", *IN_EXP, "--config", "optimizer_kwargs.lr=0.5", "--config", "seed=3")
    made = stride("create", "--parent", "exp/0", "--config", "optimizer_kwargs.lr=0.25")
    assert (made.code, made.out) == (0, "exp/1\n")
    config = WorkDir(tmp_path / "exp").run(1).read_config()
    assert (config["seed"], config["optimizer_kwargs"]["lr"]) == (3, 0.25)
    assert config["model_kwargs"]["hidden_dims"] == [4]
    record = WorkDir(tmp_path / "exp").run(1).read_record()
    assert {"seed", "optimizer_kwargs.lr", "model_kwargs.hidden_dims"} <= set(record.chosen)
    assert record.overrides == ("optimizer_kwargs.lr=0.25",)
    (parent,) = record.parents
    assert (parent.relation, parent.run) == ("changed config", "0")
    assert parent.id == WorkDir(tmp_path / "exp").run(0).read_record().id


def test_nothing_changed_is_the_same_config_also_where_it_was_typed_again(
    stride: Any, tmp_path: Path
) -> None:
    stride("create", *IN_EXP, "--config", "seed=3")
    stride("create", "--parent", "exp/0")
    stride("create", "--parent", "exp/0", "--config", "seed=3")
    assert parents_of(tmp_path / "exp", "1") == [("same config", "0")]
    assert parents_of(tmp_path / "exp", "2") == [("same config", "0")]


def test_the_config_of_the_experiment_is_no_part_of_it(stride: Any, tmp_path: Path) -> None:
    stride("init", "exp", "--config", "seed=1")
    stride("create", "--config", "work_dir=exp")
    stride("init", "other", "--config", "seed=2")
    made = stride("create", "--parent", "exp/0", "--config", "work_dir=other")
    assert made.out == "other/0\n"
    assert WorkDir(tmp_path / "other").run(0).read_config()["seed"] == 1
    (parent,) = WorkDir(tmp_path / "other").run(0).read_record().parents
    assert parent.work_dir == str(tmp_path / "exp")


def test_the_config_of_one_and_the_weights_of_another_are_two_parents(
    stride: Any, tmp_path: Path
) -> None:
    assert stride("fit", *IN_EXP).code == 0
    stride("create", *IN_EXP, "--config", "seed=3")
    both = ("--parent", "exp/1", "--init-from", "exp/0")
    assert stride("fit", *both, "--config", "seed=4").out.startswith("exp/2  test_loss=")
    assert parents_of(tmp_path / "exp", "2") == [("changed config", "1"), ("weights", "0")]
    shown = stride("show", "exp/2").out
    assert "exp/1 (changed config)" in shown or "changed config" in shown


def test_what_contradicts_is_refused_in_a_sentence(stride: Any, tmp_path: Path) -> None:
    stride("create", *IN_EXP)
    both = stride("fit", "--continue", "exp/0", "--parent", "exp/0")
    assert (both.code, both.err.count("\n")) == (2, 1)
    assert "--continue takes over all of another run's state and --parent only its config" in (
        both.err
    )
    named = stride("fit", "exp/0", "--parent", "exp/0")
    assert (named.code, "--parent makes a new run, and exp/0 is one already" in named.err) == (
        2,
        True,
    )
    missing = stride("create", "--parent", "exp/7")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert [run.name for run in WorkDir(tmp_path / "exp").runs()] == ["0"]
