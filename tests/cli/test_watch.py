"""Watching, on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from stride.cli.watch import check_watchable
from stride.errors import UsageError

DRAW = """
import itertools, sys
from stride.cli.watch import watch
numbers = itertools.count()
def draw():
    number = next(numbers)
    if number == int(sys.argv[2]):
        raise ValueError("wrong")
    return [f"picture {number}", *(f"line {place}" for place in range(int(sys.argv[1])))]
watch(draw, 0.1)
print("the end")
"""


class Screen:
    """A process on a terminal of eight lines; what it has sent is read when it is waited for."""

    def __init__(self, *arguments: str) -> None:
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 8, 40, 0, 0))
        command = [sys.executable, "-c", DRAW, *arguments]
        environment = {k: v for k, v in os.environ.items() if k not in ("LINES", "COLUMNS")}
        self.process = subprocess.Popen(
            command, stdout=side, stderr=subprocess.PIPE, env=environment, text=True
        )
        os.close(side)
        self.text = ""

    def wait_for(self, part: str) -> None:
        while part not in self.text:
            self.text += self._read()

    def end(self) -> tuple[int, str]:
        """Read to the end; the exit code, and what came on standard error."""
        _, errors = self.process.communicate()
        while piece := self._read():
            self.text += piece
        return self.process.returncode, errors

    def _read(self) -> str:
        try:
            return os.read(self._main, 10_000).decode()
        except OSError:  # Linux says so that the other side was closed
            return ""

    def close(self) -> None:
        os.close(self._main)
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def screen(request: pytest.FixtureRequest) -> Iterator[Screen]:
    opened = Screen(*request.param)
    yield opened
    opened.close()


@pytest.mark.parametrize("screen", [("2", "-1")], indirect=True)
def test_each_picture_is_drawn_over_the_one_before_until_ctrl_c(screen: Screen) -> None:
    screen.wait_for("picture 3")
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == (0, "")
    assert screen.text.startswith("\x1b[?1049h\x1b[?25l")
    assert "\x1b[2J" not in screen.text  # clearing first is what flickers
    assert "\x1b[Hpicture 1\x1b[K\r\nline 0\x1b[K\r\nline 1\x1b[K\x1b[J" in screen.text
    before, after = screen.text.split("\x1b[?25h\x1b[?1049l")
    last = before.count("picture") - 1
    assert after.splitlines() == [f"picture {last}", "line 0", "line 1", "the end"]


@pytest.mark.parametrize("screen", [("20", "-1")], indirect=True)
def test_lines_beyond_the_screen_are_counted(screen: Screen) -> None:
    screen.wait_for("picture 1")
    screen.process.send_signal(signal.SIGINT)
    assert screen.end()[0] == 0
    assert "line 5\x1b[K\r\n… 14 more lines\x1b[K\x1b[J" in screen.text
    assert "line 19" in screen.text.split("\x1b[?1049l")[1]


@pytest.mark.parametrize("screen", [("2", "2")], indirect=True)
def test_an_error_ends_it_and_leaves_the_terminal_as_it_was(screen: Screen) -> None:
    code, errors = screen.end()
    assert code == 1
    assert errors.endswith("ValueError: wrong\n")
    assert "\x1b[?25h\x1b[?1049l" in screen.text


@pytest.mark.parametrize("screen", [("2", "-1")], indirect=True)
def test_a_signal_that_ends_it_leaves_the_terminal_as_it_was(screen: Screen) -> None:
    screen.wait_for("picture 1")
    screen.process.terminate()
    assert screen.end() == (128 + signal.SIGTERM, "")
    assert screen.text.endswith("\x1b[?25h\x1b[?1049l")


def test_off_a_terminal_it_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        with pytest.raises(UsageError, match="--watch draws on a terminal"):
            check_watchable()
