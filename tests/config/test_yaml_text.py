"""YAML as version 1.2 has it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from stride.config.yaml_text import YamlError, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E+3", -1500.0),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("no", "no"),
        ("on", "on"),
        ("Y", "Y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("a:", {"a": None}),
        ("nothing", "nothing"),
        ("-.inf", -math.inf),
        ('"1"', "1"),
        ("{a: &x {b: 1}, c: {<<: *x, d: 2}}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("# nothing", None),
    ],
)
def test_scalars_mean_what_people_expect(text: str, value: Any) -> None:
    found = read_yaml(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["a: 1\na: 2", "{x: {a: 1, a: 2}}", "a: [", "? [a]\n: 1", "a: *b"])
def test_what_is_no_yaml_is_one_line(text: str) -> None:
    with pytest.raises(YamlError) as caught:
        read_yaml(text)
    assert "\n" not in str(caught.value)


def test_aliases_that_multiply_are_refused_before_they_are_written_out() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(YamlError, match="aliases stand for more than 1,000,000 values"):
        read_yaml("\n".join(lines))


@pytest.mark.parametrize("text", ["a: &a [*a, *a]", "a: &a {b: *a, c: *a}"])
def test_an_alias_of_what_it_stands_in_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match="an alias stands inside of what it means"):
        read_yaml(text)


def test_an_alias_is_what_it_stands_for() -> None:
    assert read_yaml("a: &a [1, 2]\nb: [*a, *a]") == {"a": [1, 2], "b": [[1, 2], [1, 2]]}


@pytest.mark.parametrize("tag", ["timestamp", "bool", "int", "float", "binary", "omap", "set"])
def test_a_tag_that_does_not_fit_its_value_is_said(tag: str) -> None:
    with pytest.raises(YamlError):
        read_yaml(f"a: !!{tag} é")
