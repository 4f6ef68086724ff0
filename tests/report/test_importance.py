"""Importance: which keys matter, and what cannot be known."""

import random
from pathlib import Path
from typing import Any

import pytest

from stride.errors import UsageError
from stride.report.importance import (
    Importance,
    Method,
    read_importance,
)
from stride.report.measured import read_measured
from stride.store.work_dir import WorkDir
from tests.report.varied_runs import make_run


@pytest.fixture
def exp(tmp_path: Path) -> Path:
    return tmp_path / "exp"


def judged(exp: Path, **options: Any) -> Importance:
    measured = read_measured(WorkDir(exp), "val_loss")
    return read_importance(measured, range(len(measured.table)), **options)


def shares(found: Importance) -> dict[str, float]:
    return {each.key: each.share for each in found.keys}


def make_grid(exp: Path) -> None:
    """lr matters much, depth little, the name not at all; the seed a little."""
    for lr in (0.1, 0.01, 0.001):
        for depth in (1, 2):
            for name in ("a", "b"):
                for seed in (0, 1):
                    loss = 1 + {0.1: 0.5, 0.01: 0.0, 0.001: 0.2}[lr] + depth * 0.05 + seed * 0.001
                    make_run(exp, loss, {"seed": seed, "lr": lr, "depth": depth, "name": name})


@pytest.mark.parametrize("method", list(Method))
def test_what_matters_most_comes_first(exp: Path, method: Method) -> None:
    make_grid(exp)
    found = judged(exp, method=method, mode="min")
    assert found.method is method
    assert next(iter(shares(found))) == "lr"
    assert "seed" not in shares(found)
    assert shares(found)["name"] < 0.1
    assert all(0 <= share <= 1 for share in shares(found).values())
    assert len(found.rows) == found.used == 24


def test_each_value_has_the_mean_of_its_runs(exp: Path) -> None:
    make_grid(exp)
    (lr,) = [each for each in judged(exp).keys if each.key == "lr"]
    assert [(v.value, v.until, v.mean.n) for v in lr.values] == [
        (0.001, None, 8),
        (0.01, None, 8),
        (0.1, None, 8),
    ]
    assert [round(v.mean.value, 4) for v in lr.values] == [1.2755, 1.0755, 1.5755]


def test_the_spread_by_seeds_is_beside_that_of_all(exp: Path) -> None:
    make_grid(exp)
    found = judged(exp)
    assert found.repeats == pytest.approx(0.001 / 2**0.5)
    assert found.spread > 0.1
    for lr in range(5):
        make_run(exp.with_name("single"), 0.1 * lr, {"seed": lr, "lr": lr})
    assert judged(exp.with_name("single")).repeats is None


def test_keys_that_always_change_together_are_named_together(exp: Path) -> None:
    for number in range(12):
        model = ("MLP", "ResNet")[number % 2]
        wide = {"model_kwargs.width": 8} if model == "MLP" else {"model_kwargs.blocks": 2}
        make_run(
            exp,
            number % 2 + 0.01 * number,
            {"seed": 0, "lr": number // 2, "model_kwargs.model_name": model, **wide},
        )
    groups = {each.key: each.together for each in judged(exp).keys}
    assert groups == {
        "lr": (),
        "model_kwargs.model_name": ("model_kwargs.width", "model_kwargs.blocks"),
    }


def test_numbers_that_never_repeat_are_told_apart_by_their_order(exp: Path) -> None:
    draw = random.Random(0)
    for _ in range(20):
        lr, decay = draw.random(), draw.random()
        make_run(exp, lr**2, {"seed": 0, "lr": lr, "decay": decay, "same": lr * 3})
    found = judged(exp)
    assert {each.key: each.together for each in found.keys} == {"lr": ("same",), "decay": ()}
    assert shares(found)["lr"] > 0.5 > shares(found)["decay"]


def test_an_argument_of_one_model_does_not_take_what_its_name_did(exp: Path) -> None:
    for seed in range(3):
        for depth in (1, 2, None):
            model = {"m.model_name": "MLP", "m.depth": depth} if depth else {"m.model_name": "CNN"}
            make_run(exp, (1.0 if depth else 2.0) + 0.01 * seed, {"seed": seed, **model})
    assert shares(judged(exp))["m.depth"] < 0.05


def test_texts_that_differ_in_nearly_every_run_are_left_out(exp: Path) -> None:
    for number in range(8):
        make_run(exp, number, {"seed": 0, "lr": number % 2, "path": f"data{number}.npz"})
    found = judged(exp)
    assert found.left_out == ("path",)
    assert list(shares(found)) == ["lr"]


def test_runs_without_a_value_are_left_out_and_told(exp: Path) -> None:
    for number in range(8):
        loss = float("nan") if number == 3 else number
        make_run(exp, loss, {"seed": 0, "lr": number}, completed=number != 5)
    found = judged(exp)
    assert (found.without_value, len(found.rows)) == ((3,), 6)
    assert len(judged(exp, unfinished=True).rows) == 7


def test_few_runs_are_a_hint_and_too_few_are_refused(exp: Path) -> None:
    for number in range(4):
        make_run(exp, number, {"seed": 0, "lr": number})
    assert "take it as a hint" in judged(exp).notes[0]
    measured = read_measured(WorkDir(exp), "val_loss")
    with pytest.raises(UsageError, match="needs 4 runs or more"):
        read_importance(measured, range(3))


def test_runs_that_differ_in_nothing_have_no_importance(exp: Path) -> None:
    for seed in range(5):
        make_run(exp, seed, {"seed": seed, "lr": 1})
    with pytest.raises(UsageError, match="differ in no config key but the seed"):
        judged(exp)


def test_ped_anova_has_to_know_what_is_better(exp: Path) -> None:
    make_grid(exp)
    with pytest.raises(UsageError, match="--mode min or --mode max"):
        judged(exp, method=Method.PED_ANOVA)
