"""Overrides as people and shells give them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.overrides import Override, addresses, parse_override, parse_removal
from stride.config.values import read_text
from stride.errors import ConfigError

SHELLS = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a.b=c", ("a", "b"), "c"),
        ("a.0=x", ("a", "0"), "x"),
        ("a=b=c", ("a",), "b=c"),
        ("a=", ("a",), ""),
        ("a= 1 ", ("a",), " 1 "),
        (r"a.x\.y=1", ("a", "x.y"), "1"),
        ("a.größe=1", ("a", "größe"), "1"),
    ],
)
def test_an_override_is_split_at_its_first_equals_sign(
    text: str, path: tuple[str, ...], value: str
) -> None:
    assert parse_override(text) == Override(path, value)
    assert str(parse_override(text)) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a.b", "write a.b=VALUE"),
        ("", "write a.b=VALUE"),
        ("=3", "no key before the '='"),
        ("a..b=1", "empty part"),
        (".a=1", "empty part"),
        ("a.=1", "empty part"),
        ("a[0]=1", "write a.0 for an element"),
        ("--lr=1", "write lr=VALUE"),
        ("+lr=1", "write lr=VALUE"),
        ("~lr=1", "write --remove lr"),
        ("lr =1", "without spaces"),
        ("lr: 3", "write lr=3"),
        ("64]", "single quotes"),
        ('"b":1}', "single quotes"),
        ("'a.b=3'", "single quotes"),
        ("a\n.b=3", "single quotes"),
        ("a=\udcff", "UTF-8"),
    ],
)
def test_a_malformed_override_is_told_how_to_write_it(text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_override(text)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_override_or_one_sentence(text: str) -> None:
    try:
        override = parse_override(text)
    except ConfigError as error:
        assert str(error)
    else:
        assert all(override.path)
        assert parse_override(str(override)) == override


def test_a_removal_is_a_key_alone() -> None:
    assert parse_removal("a.b") == ("a", "b")
    with pytest.raises(ConfigError, match=r"write --remove a\.b$"):
        parse_removal("a.b=3")
    with pytest.raises(ConfigError, match="empty part"):
        parse_removal("a..b")


def test_addresses_are_taken_out_and_the_last_counts() -> None:
    texts = ["work_dir=one", "lr=1", "run=base", "work_dir=two", "run.x=1"]
    work_dir, run, rest = addresses([parse_override(text) for text in texts])
    assert (work_dir, run) == ("two", "base")
    assert [str(override) for override in rest] == ["lr=1", "run.x=1"]
    assert addresses([]) == (None, None, ())


def test_the_home_folder_is_expanded_in_a_work_dir_but_not_in_a_name() -> None:
    found = addresses([parse_override("work_dir=~/exp"), parse_override("run=~/x")])
    assert found[:2] == (f"{Path.home()}/exp", "~/x")


def test_an_empty_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="work_dir= is empty"):
        addresses([parse_override("work_dir=")])


def through_shell(shell: str, words: str, folder: Path) -> list[str]:
    """The arguments that a program gets when these words are typed."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed on this machine")
    echo = folder / "echo.py"
    echo.write_text("import json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    command = [shell, *SHELLS[shell], "-c", f"'{sys.executable}' '{echo}' {words}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    arguments: list[str] = json.loads(done.stdout)
    return arguments


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "annotation", "value"),
    [
        ("a.b=64,64", list[int], [64, 64]),
        ("a.b=64", list[int], [64]),
        ("a.b=", list[int], []),
        ("a.b=relu,tanh", list[str], ["relu", "tanh"]),
        ("a.b=0.9,.999", tuple[float, float], [0.9, 0.999]),
        ("a.b=.5", float, 0.5),
        ("a.b=-1e-3", float, -1e-3),
        ("a.b=3", int, 3),
        ("a.b=true", bool, True),
        ("a.b=null", int | None, None),
        ("a.b=null", Any, None),
        ("a.b=val_accuracy:max", str, "val_accuracy:max"),
        ("a.b=my.module:Net", str, "my.module:Net"),
        ("a.b=path/file.py:Net", str, "path/file.py:Net"),
        ("a.b=~/data.npz", str, "~/data.npz"),
        (r"a.b=two\ words", str, "two words"),
        (r"a.b=\"null\"", str | None, "null"),
        (r"a.b=\[1,\[2,3\]\]", Any, [1, [2, 3]]),
        ("a.0=x", str, "x"),
        ("a.b=", str, ""),
        ("'a.b=[[1, 2], [3]]'", list[list[int]], [[1, 2], [3]]),
        ("""'a.b={"c": [1, "x"]}'""", dict[str, Any], {"c": [1, "x"]}),
    ],
)
def test_every_form_passes_through_a_real_shell(
    shell: str, typed: str, annotation: Any, value: Any, tmp_path: Path
) -> None:
    (argument,) = through_shell(shell, typed, tmp_path)
    override = parse_override(argument)
    assert read_text(override.text, annotation, override.key) == value


def test_a_list_that_bash_split_at_its_space_is_told_to_be_quoted(tmp_path: Path) -> None:
    first, second = through_shell("bash", "a.b=[64, 64]", tmp_path)
    with pytest.raises(ConfigError, match="single quotes"):
        read_text(parse_override(first).text, list[int], "a.b")
    with pytest.raises(ConfigError, match="single quotes"):
        parse_override(second)


@pytest.mark.parametrize("typed", ['a.b={"c":1}', 'a.b=["relu","tanh"]'])
def test_quotes_that_bash_took_away_are_told_to_be_quoted(typed: str, tmp_path: Path) -> None:
    (argument,) = through_shell("bash", typed, tmp_path)
    assert '"' not in argument
    with pytest.raises(ConfigError, match="the shell may have taken its quotes away"):
        read_text(parse_override(argument).text, Any, "a.b")


def test_braces_that_bash_expanded_are_told_to_be_quoted(tmp_path: Path) -> None:
    arguments = through_shell("bash", """a.b={"c":1,"d":2}""", tmp_path)
    assert len(arguments) == 2
    for argument in arguments:
        assert parse_override(argument).text in ("c:1", "d:2")
    with pytest.raises(ConfigError, match=r"write a\.b\.c=1"):
        read_text("c:1", dict[str, int], "a.b")
