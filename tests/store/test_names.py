"""A run's name says nothing but itself, and no path ever leaves the experiment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import RunNameError
from stride.store.names import (
    check_run_name,
    is_exact,
    is_number,
    is_run_name,
    parse_number,
    parse_run_address,
)

FORBIDDEN = [
    "",
    ".",
    "..",
    ".hidden",
    "a/b",
    "../a",
    "/etc",
    "a\\b",
    "name\n",
    "a b",
    "-a",
    "_a",
    "é",
    "aé",
    "a\0",
    "a" * 101,
    "x" * 300,
    "latest",
    "Latest",
    "best",
    "config.json",
    "CONFIG.json",
    "README.md",
    "con",
    "NUL",
    "nul.txt",
    "Com1",
    "lpt9.log",
    "dot.",
    "12",
    "007",
    "٣",
]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(RunNameError) as caught:
        check_run_name(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["a", "baseline", "lr-3e-4_v1.2", "Z9", "a" * 100, "console"])
def test_an_ordinary_name_is_given_back(name: str) -> None:
    assert check_run_name(name) == name


@given(st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9._/\\ \n-]{1,12}", fullmatch=True))
def test_every_allowed_name_is_one_plain_part_of_a_path(name: str) -> None:
    if is_run_name(name):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]{0,99}", name)
        assert Path("exp", name).parts == ("exp", name)
        assert parse_run_address(f"exp/{name}") == (Path("exp"), name)
        assert not is_number(name)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("exp/best", (Path("exp"), "best")),
        ("best", (Path(), "best")),
        ("exp/best:val_loss", (Path("exp"), "best:val_loss")),
        ("a/b/best:val/loss", (Path("a/b"), "best:val/loss")),
        ("best:val_loss", (Path(), "best:val_loss")),
        ("/exp/latest", (Path("/exp"), "latest")),
    ],
)
def test_a_best_run_is_an_address_too(address: str, parts: tuple[Path, str]) -> None:
    assert parse_run_address(address) == parts
    assert not is_exact(parts[1])


@pytest.mark.parametrize("address", ["exp/best:", "exp/latest:val_loss", "exp/better:x", "best:"])
def test_what_only_looks_like_a_best_run_is_none(address: str) -> None:
    with pytest.raises(RunNameError):
        parse_run_address(address)


@given(st.integers(0, 10**18 - 1))
def test_digits_are_the_number_that_they_spell(number: int) -> None:
    assert parse_number(str(number)) == number
    assert parse_number(f"00{number}") == number
    assert is_number(str(number))
    assert not is_number(f"0{number}")


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", "٣", "0x1", "9" * 5000, "abc"])
def test_other_text_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "folder", "reference"),
    [
        ("exp/3", "exp", "3"),
        ("exp/3/", "exp", "3"),
        ("a b/é/3", "a b/é", "3"),
        ("/abs/exp/name", "/abs/exp", "name"),
        ("../exp/latest", "../exp", "latest"),
        ("/3", "/", "3"),
        ("3", ".", "3"),
        ("baseline", ".", "baseline"),
        ("exp/best", "exp", "best"),
    ],
)
def test_an_address_is_an_experiment_and_a_reference(
    text: str, folder: str, reference: str
) -> None:
    assert parse_run_address(text) == (Path(folder), reference)


@pytest.mark.parametrize("text", ["", "/", "exp/..", "exp/.", "exp/.hidden", "exp/a b", "exp/3\n"])
def test_an_address_without_a_run_is_refused(text: str) -> None:
    with pytest.raises(RunNameError, match="is not the address of a run"):
        parse_run_address(text)
