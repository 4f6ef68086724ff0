"""Terminals: colours and width, seen through a real pseudo-terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stride.cli.terminal import Terminal, terminal_of

LOOK = "import sys; from stride.cli.terminal import terminal_of as t; x = t(sys.stdout);"
SHOW = LOOK + "print(x.colour, x.width)"


def on_a_terminal(environment: dict[str, str]) -> str:
    main, side = os.openpty()
    subprocess.run([sys.executable, "-c", SHOW], stdout=side, env=environment, check=True)
    os.close(side)
    with os.fdopen(main, "rb", buffering=0) as stream:
        return stream.read(1000).decode().strip()


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "TERM": "xterm", "COLUMNS": "97"}


def test_a_file_has_no_colours_and_no_width(tmp_path: Path) -> None:
    with (tmp_path / "answer").open("w") as stream:
        assert terminal_of(stream) == Terminal(colour=False, width=None)


def test_a_terminal_has_both(environment: dict[str, str]) -> None:
    assert on_a_terminal(environment) == "True 97"


def test_no_color_and_dumb_terminals_are_honoured(environment: dict[str, str]) -> None:
    assert on_a_terminal(environment | {"NO_COLOR": "1"}) == "False 97"
    assert on_a_terminal(environment | {"TERM": "dumb"}) == "False 97"


def test_an_empty_no_color_means_nothing(environment: dict[str, str]) -> None:
    assert on_a_terminal(environment | {"NO_COLOR": ""}) == "True 97"


def test_text_is_painted_only_where_colours_are() -> None:
    assert Terminal(colour=True).paint("done", "bold green") == "\x1b[1;32mdone\x1b[0m"
    assert Terminal().paint("done", "bold green") == "done"
