"""Progress: a bar on a terminal, plain lines elsewhere, silence where asked for."""

from __future__ import annotations

import io
import os
import pty
from pathlib import Path

import pytest
from rich.console import Console

from stride.store.run import Run
from stride.training.moments import EpochEnded, FitBegins, FitEnded, Plan, StepLogged
from stride.training.progress import RichView, choose_view
from stride.training.view import PlainView, SilentView

PLAN = Plan(max_epochs=3, steps_an_epoch=10, steps=30, samples_a_step=64.0)
BEGINS = FitBegins(Run(Path("exp/0")), 0, PLAN)


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
    view.observe(BEGINS)
    view.observe(StepLogged(10, 1, {"loss": 0.5}))
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
    view.observe(BEGINS)
    view.observe(StepLogged(1, 1, {"loss": 0.5}))
    view.line("unseen")
    view.write(stream, "printed")
    view.end()
    assert stream.getvalue() == "printed"


def test_the_bar_shows_epoch_step_loss_and_speed() -> None:
    stream = Terminal()
    view = _rich(stream)
    view.observe(BEGINS)
    view.observe(StepLogged(15, 2, {"loss": 0.25}))
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
    view.observe(BEGINS)
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
    view.observe(BEGINS)
    view.write(file, "to a file")
    view.end()
    view.end()
    assert terminal.getvalue().startswith("early")
    assert file.getvalue() == "to a file"


def test_the_bar_of_a_training_that_goes_on_begins_where_it_left_off() -> None:
    stream = Terminal()
    view = _rich(stream)
    view.observe(FitBegins(Run(Path("exp/0")), 20, PLAN, first_epoch=3))
    begun = stream.getvalue()
    assert "epoch 3/3" in begun
    assert "step 20/30" in begun
    view.observe(StepLogged(21, 3, {"loss": 0.5}))
    view.end()
    assert "step 21/30" in stream.getvalue()


def test_the_bar_shows_steps_without_a_total_where_it_is_not_known() -> None:
    stream = Terminal()
    view = _rich(stream)
    unknown = Plan(max_epochs=3, steps_an_epoch=None, steps=None, samples_a_step=0.0)
    view.observe(FitBegins(Run(Path("exp/0")), 0, unknown))
    view.observe(EpochEnded(12, 1, {"lr": 0.1}))
    view.end()
    shown = stream.getvalue()
    assert "epoch 1/3" in shown
    assert "step 12 " in shown
    assert "step 12/" not in shown
    assert "- samples/s" in shown


def test_the_end_of_the_training_takes_the_bar_away() -> None:
    stream = Terminal()
    view = _rich(stream)
    view.observe(BEGINS)
    view.observe(FitEnded("completed"))
    view.write(stream, "after")
    assert stream.getvalue().endswith("after")


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    stream = Terminal()
    view = _rich(stream)
    view.observe(BEGINS)
    stream.close()
    view.line("to nobody")
    view.end()
