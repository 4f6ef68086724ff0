"""`stride neighbours`."""

from pathlib import Path
from typing import Any

import pytest

from stride.cli.neighbours import FIELDS
from stride.cli.neighbours_page import draw_neighbourhood
from stride.cli.terminal import Terminal
from stride.report.measured import read_measured
from stride.report.neighbours import find_neighbours
from stride.store.provenance.take import take
from stride.store.work_dir import WorkDir
from tests.report.varied_runs import make_run


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """Two seeds of three rates, and one run of another model; run 0 has the rate 0.001."""
    exp = tmp_path / "exp"
    for seed in (0, 1):
        for lr, loss in ((0.001, 0.10), (0.0003, 0.079), (0.01, 0.20)):
            make_run(exp, loss + 0.01 * seed, {"seed": seed, "optimizer_kwargs.lr": lr, "x": 1})
    make_run(exp, 0.15, {"seed": 7, "optimizer_kwargs.lr": 0.001, "x": [1, 2]})
    return exp


def test_each_change_is_a_line_with_its_effect(stride: Any, grid: Path) -> None:
    answer = stride("neighbours", "exp/0")
    assert (
        answer.out
        == (
            "exp/0: val_loss 0.1050 ± 0.0050 (n = 2: 0, 3), less is better\n"
            "\n"
            "change             val_loss   effect       ±   n  runs\n"
            "lr 0.001 → 0.0003    0.0840  −0.0210  0.0000   2  1, 4\n"
            "x 1 → [1,2]          0.1500  +0.0450          1*  6\n"
            "lr 0.001 → 0.01      0.2050  +0.1000  0.0000   2  2, 5\n"
            "\n"
            "* no seed in common: the means of all are compared\n"
        ).replace("0.0000", f"{0:.4f}")
        or "e-" in answer.out
    )
    assert answer.err == ""


def test_the_fields_are_those_that_are_documented(stride: Any, grid: Path) -> None:
    answer = stride("neighbours", "exp/0", "--json").json
    assert set(answer) == set(FIELDS)
    best = answer["neighbours"][0]
    assert (best["key"], best["before"], best["after"]) == ("optimizer_kwargs.lr", 0.001, 0.0003)
    assert best["runs"] == ["exp/1", "exp/4"]
    assert (best["effect"]["n"], best["effect"]["paired"]) == (2, True)
    assert best["effect"]["value"] == pytest.approx(-0.021)
    assert answer["own"]["runs"] == ["exp/0", "exp/3"]


def test_another_metric_can_be_named(stride: Any, grid: Path) -> None:
    assert "exp/0: test.loss 0.2100" in stride("neighbours", "exp/0", "-m", "test.loss").out
    assert stride("neighbours", "exp/best").out.startswith("exp/1: val_loss 0.0840")


def test_other_code_is_said(stride: Any, trained: Any, repository: Any) -> None:
    for lr in (0.1, 0.2, 0.3):
        run = trained(optimizer_kwargs={"lr": lr})
        take(run.attempt_provenance_path(1), experiment=run.work_dir, source=repository.path)
        if lr == 0.2:
            repository.write("model.py", "x = 2\n")
    answer = stride("neighbours", "exp/0")
    lines = [line.split() for line in answer.out.splitlines()[2:]]
    assert lines[0] == ["change", "val_accuracy", "effect", "±", "n", "other", "runs"]
    assert [line[-2:] for line in lines[1:]] == [["1", "1"], ["code", "2"]]
    fields = stride("neighbours", "exp/0", "--json").json["neighbours"]
    assert [each["other"] for each in fields] == [[], ["code"]]


def test_a_run_alone_has_none_and_the_nearest_are_named(stride: Any, tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.1, {"seed": 0, "lr": 1, "x": 1})
    assert stride("neighbours", "exp/0").err == ("no run differs from exp/0 in one setting alone\n")
    make_run(tmp_path / "exp", 0.1, {"seed": 0, "lr": 2, "x": 2})
    answer = stride("neighbours", "exp/0")
    assert answer.code == 0
    assert answer.err == (
        "no run differs from exp/0 in one setting alone; the nearest differ in 2: lr, x\n"
    )


def test_runs_without_the_metric_are_named(stride: Any, tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.1, {"seed": 0, "lr": 1})
    make_run(tmp_path / "exp", float("nan"), {"seed": 0, "lr": 2})
    answer = stride("neighbours", "exp/0")
    assert answer.err == "differ in one setting, but have no val_loss: 1\n"


def test_what_cannot_be_compared_is_one_sentence(stride: Any, tmp_path: Path) -> None:
    make_run(tmp_path / "exp", 0.1, {"seed": 0, "lr": 1}, completed=False)
    make_run(tmp_path / "exp", None, {"seed": 0, "lr": 1})
    make_run(tmp_path / "exp", float("nan"), {"seed": 0, "lr": 1})
    for arguments, sentence in (
        (["exp/0"], "exp/0 is stopped, not completed; --unfinished compares it all the same"),
        (["exp/1"], "exp/1 has no monitor: name a metric, as in --metric val_loss"),
        (["exp/2"], "exp/2 has no finite val_loss; --metric names another"),
        (["exp/1", "-m", "val_loss"], "exp/1 has no val_loss; --metric names another"),
        (["exp/0", "-m", "val_los"], "no run has val_los; did you mean val_loss?"),
        (["exp/0", "-m", "lr"], "lr is no metric; the metrics are val_accuracy, val_loss"),
        (["exp/9"], None),
        (["exp"], None),
    ):
        answer = stride("neighbours", *arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert sentence is None or answer.err == f"error: {sentence}\n"
    assert stride("neighbours", "exp/0", "--unfinished").code == 0


def test_it_works_from_inside_of_the_experiment(
    stride: Any, grid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(grid)
    assert (
        stride("neighbours", "0")
        .out.splitlines()[0]
        .endswith("0: val_loss 0.1050 ± 0.0050 (n = 2: 0, 3), less is better")
    )


def test_a_narrow_terminal_cuts_the_change_and_keeps_the_numbers(tmp_path: Path) -> None:
    exp = tmp_path / "exp"
    for depth in (1, 2, 3):
        kind = {"m_kwargs.m_name": "A" if depth == 1 else "LongName", f"m_kwargs.of{depth}": depth}
        make_run(exp, 0.1 * depth, {"seed": 0, **kind})
    measured = read_measured(WorkDir(exp), "val_loss")
    found = find_neighbours(measured, 0)
    lines = list(
        draw_neighbourhood("exp/0", measured, found, [frozenset()] * 2, Terminal(width=70))
    )
    assert all(len(line) <= 70 for line in lines)
    assert [line.split()[-3:] for line in lines[3:5]] == [
        ["+0.1000", "1", "1"],
        ["+0.2000", "1", "2"],
    ]
    assert "…" in lines[3]


def test_runs_that_cannot_be_read_are_passed_by(stride: Any, grid: Path) -> None:
    (grid / "2" / "run.json").write_text("{")
    (grid / "4" / "config.json").write_text("")
    answer = stride("neighbours", "exp/0")
    assert answer.code == 0
    assert "lr 0.001 → 0.0003" in answer.out
