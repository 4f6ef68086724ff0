"""Progress: a bar on a terminal, plain lines elsewhere, silence where asked for."""

from __future__ import annotations

import io
import os
import pty
from pathlib import Path

import pytest
from rich.console import Console

from stride.training.progress import RichView, choose_view
from stride.training.view import PlainView, Plan, SilentView

PLAN = Plan(max_epochs=3, steps_an_epoch=10, steps=30, samples_a_step=64.0)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _rich(stream: io.StringIO) -> RichView:
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    return RichView(console)


def test_a_file_gets_plain_lines_and_a_terminal_a_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with (tmp_path / "out").open("w") as stream:
        assert isinstance(choose_view(stream), PlainView)
        assert isinstance(choose_view(stream, progress=False), SilentView)
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        assert isinstance(choose_view(terminal), RichView)
        monkeypatch.setenv("TERM", "dumb")
        assert isinstance(choose_view(terminal), PlainView)
    os.close(master)


def test_plain_lines_are_written_as_they_are() -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    view.begin(PLAN)
    view.advance(10, 1, 0.5)
    view.line("[Epoch 1/3] lr=0.1")
    view.write(stream, "printed")
    view.end()
    assert stream.getvalue() == "[Epoch 1/3] lr=0.1\nprinted"


def test_a_stream_that_is_gone_ends_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    PlainView(stream).line("to nobody")
    reader, writer = os.pipe()
    os.close(reader)
    pipe = io.TextIOWrapper(io.FileIO(writer, "w"), write_through=True)
    PlainView(pipe).line("to nobody")
    pipe.detach().close()


def test_silence_is_silent_but_for_what_user_code_prints() -> None:
    stream = io.StringIO()
    view = SilentView()
    view.begin(PLAN)
    view.advance(1, 1, None)
    view.line("unseen")
    view.write(stream, "printed")
    view.end()
    assert stream.getvalue() == "printed"


def test_the_bar_shows_epoch_step_loss_and_speed() -> None:
    stream = Terminal()
    view = _rich(stream)
    view.begin(PLAN)
    view.advance(15, 2, 0.25)
    view.end()
    shown = stream.getvalue()
    assert "epoch 2/3" in shown
    assert "step 15/30" in shown
    assert "loss 0.2500" in shown
    assert "samples/s" in shown


def test_lines_stand_above_the_bar_as_they_are_and_are_not_wrapped() -> None:
    stream = Terminal()
    view = _rich(stream)
    line = "[Epoch 1/3] " + "x" * 150
    view.line(line)
    view.begin(PLAN)
    view.write(stream, "whole [bold]line[/bold]\nbegun")
    view.end()
    shown = stream.getvalue()
    assert line in shown
    assert "whole [bold]line[/bold]" in shown
    assert shown.endswith("begun")


def test_before_the_bar_and_to_a_file_printing_goes_straight_through() -> None:
    terminal, file = Terminal(), io.StringIO()
    view = _rich(terminal)
    view.write(terminal, "early")
    view.begin(PLAN)
    view.write(file, "to a file")
    view.end()
    view.end()
    assert terminal.getvalue().startswith("early")
    assert file.getvalue() == "to a file"
