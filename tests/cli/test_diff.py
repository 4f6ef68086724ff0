"""`stride diff`."""

from typing import Any

import pytest

from stride.cli.diff import FIELDS


def row(answer: Any, name: str) -> list[str]:
    """The cells of the row with a name."""
    return next(line.split() for line in answer.out.splitlines() if line.split()[:1] == [name])


def test_only_what_differs_is_shown_and_the_results_beside_it(stride: Any, trained: Any) -> None:
    trained(0.9)
    trained(0.95, optimizer_kwargs={"lr": 0.01})
    answer = stride("diff", "exp/0", "exp/1")
    assert answer.code == 0
    assert row(answer, "optimizer_kwargs.lr") == ["optimizer_kwargs.lr", "0.001", "0.01"]
    assert row(answer, "test_accuracy") == ["test_accuracy", "0.9000", "0.9500", "+0.0500"]
    assert "model_kwargs" not in answer.out


def test_all_shows_what_is_the_same_too(stride: Any, trained: Any) -> None:
    trained()
    trained()
    assert "model_kwargs.hidden_dims" not in stride("diff", "exp/0", "exp/1").out
    assert "model_kwargs.hidden_dims" in stride("diff", "exp/0", "exp/1", "--all").out


def test_sections_in_which_all_runs_agree_are_named(stride: Any, trained: Any) -> None:
    trained()
    trained()
    assert "the same in all: config, machine" in stride("diff", "exp/0", "exp/1").out


def test_any_number_of_runs_stand_beside_each_other(stride: Any, trained: Any) -> None:
    for seed in range(4):
        trained(seed=seed)
    answer = stride("diff", *(f"exp/{number}" for number in range(4)))
    assert row(answer, "seed") == ["seed", "0", "1", "2", "3"]
    assert "change" not in answer.out


def test_a_key_that_one_run_does_not_have_is_absent_there(stride: Any, trained: Any) -> None:
    trained()
    trained(model_kwargs={"model_name": "ResNet", "blocks": 3})
    assert row(stride("diff", "exp/0", "exp/1"), "model_kwargs.blocks")[1:] == ["-", "3"]
    answer = stride("diff", "exp/0", "exp/1", "--json").json
    assert answer["config"]["model_kwargs.blocks"] == {"exp/1": 3}


def test_the_fields_are_those_that_are_documented(stride: Any, trained: Any) -> None:
    trained()
    trained(seed=1)
    answer = stride("diff", "exp/0", "exp/1", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["config"] == {"seed": {"exp/0": 0, "exp/1": 1}}
    assert answer["unknown"]["code"] == ["exp/0", "exp/1"]


@pytest.mark.parametrize("runs", [["exp/0"], ["exp/0", "exp/0"], []])
def test_less_than_two_runs_are_no_comparison(stride: Any, trained: Any, runs: list[str]) -> None:
    trained()
    answer = stride("diff", *runs)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_a_run_that_cannot_be_read_ends_it_with_3(stride: Any, trained: Any) -> None:
    trained()
    trained().record_path.write_text("{")
    answer = stride("diff", "exp/0", "exp/1")
    assert (answer.code, answer.out) == (3, "")
    assert "run.json" in answer.err
