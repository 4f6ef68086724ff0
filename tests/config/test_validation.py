"""Values checked against types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from stride.config.signature import Parameter, Signature
from stride.config.validation import checked, fits, to_python
from stride.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "annotation", "form"),
    [
        (1, float, 1.0),
        ([1, 0.5], list[float], [1.0, 0.5]),
        ([1, 2], tuple[float, float], [1.0, 2.0]),
        (1, int | float, 1),
        ("a/b", Path, "a/b"),
        ({"a": 1}, dict[str, float], {"a": 1.0}),
        ([None, True, 1], Any, [None, True, 1]),
        (None, int | None, None),
        ("x", Annotated[str, "unit"], "x"),
        ({"a": 1}, object, {"a": 1}),
    ],
)
def test_a_value_takes_the_form_of_its_type(value: Any, annotation: Any, form: Any) -> None:
    assert json.dumps(checked(value, annotation, "k")) == json.dumps(form)
    assert fits(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "sentence"),
    [
        (True, int, "k must be an integer, not true"),
        (True, float, "k must be a number, not true"),
        (1, bool, "k must be true or false, not 1"),
        (1.0, int, "k must be an integer, not 1.0"),
        (1, str, "k must be a string, not 1"),
        ("1", int | None, 'k must be an integer or null, not "1"'),
        (float("nan"), float, "k must be a finite number, not nan"),
        (float("-inf"), float | list[float], "k must be a finite number, not -inf"),
        ([1, "a"], list[int], 'k.1 must be an integer, not "a"'),
        ([[1], ["a"]], list[list[int]], 'k.1.0 must be an integer, not "a"'),
        ({"a": "b"}, dict[str, int], 'k.a must be an integer, not "b"'),
        ([1], tuple[int, int], "k must be a list of 2 integers, not [1]"),
        ("a", list[int], 'k must be a list of integers, not "a"'),
        ("c", Literal["a", "b"], 'k must be "a" or "b", not "c"'),
        (["c"], list[Literal["a", "b"]], 'k must be a list of ("a" or "b"), not ["c"]'),
        (0, Annotated[int, Field(ge=1)] | None, "k must be at least 1, not 0"),
        (2, Annotated[float, Field(lt=1)], "k must be less than 1, not 2"),
        ([True], int | list[int], "k must be an integer or list of integers, not [true]"),
        ("x" * 99, int, f'k must be an integer, not "{"x" * 56}...'),
    ],
)
def test_what_does_not_fit_is_one_sentence(value: Any, annotation: Any, sentence: str) -> None:
    assert not fits(value, annotation)
    with pytest.raises(ConfigError) as caught:
        checked(value, annotation, "k")
    assert str(caught.value) == sentence


def test_arguments_reach_a_thing_in_the_types_that_it_wants() -> None:
    signature = Signature(
        "Net",
        (
            Parameter("root", Path),
            Parameter("betas", tuple[float, float]),
            Parameter("shape", list[int], None),
            Parameter("free"),
            Parameter("size", int),
        ),
        takes_any=True,
    )
    arguments = {"root": "/x", "betas": [1, 0.5], "shape": None, "free": [1], "more": {"a": 1}}
    arguments["size"] = [3]
    assert to_python(signature, arguments) == {
        "root": Path("/x"),
        "betas": (1.0, 0.5),
        "shape": None,
        "free": [1],
        "more": {"a": 1},
        "size": [3],
    }
