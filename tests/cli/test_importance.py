"""`stride importance`."""

import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.importance import FIELDS
from tests.report.varied_runs import make_run


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    for lr, effect in ((0.1, 0.5), (0.01, 0.0), (0.001, 0.2)):
        for depth in (1, 2):
            for seed in (0, 1):
                settings = {"seed": seed, "optimizer_kwargs.lr": lr, "depth": depth, "twin": depth}
                make_run(tmp_path / "exp", 1 + effect + 0.05 * depth + 0.001 * seed, settings)
    return tmp_path / "exp"


def test_keys_stand_with_their_share_and_the_mean_of_each_value(stride: Any, grid: Path) -> None:
    answer = stride("importance", "exp")
    lines = answer.out.splitlines()
    assert lines[0].startswith("val_loss of 12 runs, less is better: share of the variance")
    assert lines[2].split() == ["key", "share", "value", "val_loss", "±", "n"]
    assert lines[3].split()[0] == "lr"
    assert [line.split()[-4:] for line in lines[3:6]][1][:2] == ["0.01", "1.0755"]
    assert "depth always changes together with twin: it may be any" in answer.out
    assert "runs that differ in the seed alone spread by 0.0007" in answer.out
    assert "are few: take it as a hint" in answer.out


def test_the_fields_are_those_that_are_documented(stride: Any, grid: Path) -> None:
    answer = stride("importance", "exp", "--json").json
    assert set(answer) == set(FIELDS)
    first = answer["keys"][0]
    assert (first["key"], first["values"][0]["value"]) == ("optimizer_kwargs.lr", 0.001)
    assert answer["keys"][1]["together"] == ["twin"]
    assert (answer["runs"], answer["used"], answer["without_value"]) == (12, 12, [])


def test_a_query_chooses_the_runs_and_an_option_the_metric(stride: Any, grid: Path) -> None:
    answer = stride(
        "importance", "exp", "--where", "lr < 0.1", "-m", "test.loss", "--method", "ped-anova",
        "--mode", "min", "--json",
    ).json  # fmt: skip
    assert (answer["runs"], answer["metric"], answer["method"]) == (8, "test.loss", "ped-anova")
    assert sum(each["share"] for each in answer["keys"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "magic"], "--method magic: it is one of fanova, ped-anova"),
        (["--mode", "less"], "--mode less: it is one of min, max"),
        (["-m", "val_los"], "no run has val_los; did you mean val_loss?"),
        (["--where", "lr > 1"], "the query is true of no run of exp"),
        (["--where", "lr == 0.1 and seed == 0"], "importance needs 4 runs or more with a value"),
        (["--where", "lr >"], ""),
    ],
)
def test_bad_input_is_one_sentence(
    stride: Any, grid: Path, arguments: list[str], sentence: str
) -> None:
    answer = stride("importance", "exp", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {sentence}")


def test_an_empty_experiment_is_one_sentence(stride: Any, tmp_path: Path) -> None:
    stride("init", "exp")
    answer = stride("importance", "exp")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert stride("importance", "nowhere").code == 2


def test_the_arguments_of_what_a_key_names_are_told_from_keys_that_go_with_it_by_chance(
    stride: Any, tmp_path: Path
) -> None:
    for number in range(8):
        model = {"model_kwargs.model_name": "A", "model_kwargs.width": 4}
        if number % 2:
            model = {"model_kwargs.model_name": "B", "x": 1}
        make_run(tmp_path / "exp", number % 2 + 0.01 * number, {"seed": 0, **model})
    answer = stride("importance", "exp")
    assert "model_name always changes together with x: it may be any" in answer.out
    assert "model_name stands for what it names, with width" in answer.out


@pytest.mark.parametrize("missing", ["optuna", "sklearn"])
def test_what_is_not_installed_is_one_sentence(
    stride: Any, grid: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    answer = stride("importance", "exp", "--method", "fanova")
    assert (answer.code, answer.out) == (2, "")
    assert "pip install" in answer.err
    if missing == "sklearn":
        assert stride("importance", "exp", "--json").json["method"] == "ped-anova"
