"""How dimensions are typed: the schema decides between readings; no shell has to be quoted for."""

from __future__ import annotations

import shutil
import subprocess
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from stride.errors import ConfigError
from stride.sweep.space import Choice, Real, Whole
from stride.sweep.spelling import first_text, may_vary, read_dimension

SHELLS = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}
Rate = Annotated[float, Field(gt=0)]


@pytest.mark.parametrize(
    ("text", "annotation", "values"),
    [
        ("1e-4,3e-4", float, (1e-4, 3e-4)),
        (".5,1", float, (0.5, 1.0)),
        ("1,2,3", int, (1, 2, 3)),
        ("MLP,ResNet", str, ("MLP", "ResNet")),
        ("true,false", bool, (True, False)),
        ("null,0.1", float | None, (None, 0.1)),
        ("fp32,bf16", Literal["fp32", "bf16"], ("fp32", "bf16")),
        ("1,x", Any, (1, "x")),
        ("choice:64,64/32", list[int], ([64, 64], [32])),
        ("choice:0.9,0.99", float, (0.9, 0.99)),
        ("choice:0.9,0.99/0.8,0.9", tuple[float, float], ([0.9, 0.99], [0.8, 0.9])),
        ("range:3", int, (0, 1, 2)),
        ("range:1:9:3", int, (1, 4, 7)),
        ("range:3:0:-1", int, (3, 2, 1)),
        ("log:1e-4:1e-1:4", float, (1e-4, 1e-3, 1e-2, 1e-1)),
        ("uniform:0:1:5", float, (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("log:8:512:4", int, (8, 32, 128, 512)),
    ],
)
def test_values_are_read_as_the_schema_wants_them(
    text: str, annotation: Any, values: tuple[Any, ...]
) -> None:
    assert read_dimension(text, annotation, "a.b") == Choice(values=values)


@pytest.mark.parametrize(
    ("text", "annotation", "dimension"),
    [
        ("log:1e-5:1e-1", float, Real(low=1e-5, high=1e-1, log=True)),
        ("uniform:-1:1", float, Real(low=-1.0, high=1.0)),
        ("uniform:0:1", Any, Real(low=0.0, high=1.0)),
        ("log:8:512", int, Whole(low=8, high=512, log=True)),
        ("uniform:1:8", int, Whole(low=1, high=8)),
        ("int:1:8", float, Whole(low=1, high=8)),
        ("int:8:61:8", int, Whole(low=8, high=56, step=8)),
    ],
)
def test_ranges_are_read_as_the_schema_wants_them(
    text: str, annotation: Any, dimension: Any
) -> None:
    assert read_dimension(text, annotation, "a.b") == dimension


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("64,64", list[int]),
        ("0.9,0.999", tuple[float, float]),
        ("[1, 2]", Any),
        ("value:a,b", str),
        ("64", list[int]),
        ("0.1", float),
    ],
)
def test_one_value_is_no_dimension(text: str, annotation: Any) -> None:
    assert read_dimension(text, annotation, "a.b") is None


@pytest.mark.parametrize(
    ("text", "annotation", "said"),
    [
        ("1e-4,x", float, "must be a number"),
        ("1e-4,-1", Rate, "more than 0"),
        ("log:-1:1", Rate, "begins above 0"),
        ("uniform:-1:1", Rate, "more than 0"),
        ("log:1:1", float, "less than the second"),
        ("log:1e-5", float, "two ends"),
        ("log:a:b", float, "'a' is no number"),
        ("int:1:8", str, "must be a string"),
        ("uniform:0.5:2", int, "whole numbers"),
        ("range:a", int, "a range is range:3"),
        ("range:0", int, "empty"),
        ("range:0:5:0", int, "steps of 0"),
        ("1,1", int, "twice"),
        ("1,,2", int, "empty alternative"),
        ("range:20000", int, "more than 10000"),
        ("choice:true,1", bool, "true or false"),
    ],
)
def test_what_makes_no_dimension_is_a_sentence_with_its_key(
    text: str, annotation: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        read_dimension(text, annotation, "a.b")
    assert "a.b" in str(raised.value)


def test_what_may_vary_is_known_without_the_schema() -> None:
    assert [may_vary(text) for text in ("1,2", "log:1:2", "value:x", "logs", "a:b", "3")] == [
        True, True, True, False, False, False]  # fmt: skip
    assert [first_text(text) for text in ("MLP,CNN", "choice:MLP,CNN")] == ["MLP", "MLP"]


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_hand_every_form_over_as_it_is_typed(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    typed = ["a.b=1e-4,3e-4", "a.b=choice:64,64/32,32", "a.b=range:3", "a.b=log:1e-5:1e-1",
             "a.b=uniform:0:1:5", "a.b=int:8:64:8", "a.b=value:a,b", "a.b=null,.5"]  # fmt: skip
    command = [shell, *SHELLS[shell], "-c", "printf '%s\\n' " + " ".join(typed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == typed
