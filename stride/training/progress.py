"""The progress of a training on a terminal or in a notebook: epoch, step, loss, samples/s, time
left.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from stride.tables import Cell
from stride.training.moments import EpochEnded, FitBegins, FitEnded, Moment, StepLogged
from stride.training.view import PlainView, SilentView, View

_SECONDS_BETWEEN_DRAWINGS = 0.2


class RichView(View):
    """A bar that stays at the bottom, and the epoch lines above it.

    It is drawn at log steps, a few times a second at most, and by no thread of its own: on a small
    model a thread that draws costs more than the logging. A terminal that is gone never ends the
    training.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._bar = TaskID(0)
        self._first_step = 0
        self._samples_a_step = 0.0
        self._began = self._drawn = 0.0
        self._loss = "-"
        self._begun: dict[TextIO, str] = {}

    def observe(self, moment: Moment) -> None:
        """Draw the bar, move it, take it away."""
        if isinstance(moment, FitBegins):
            self._begin(moment)
        elif isinstance(moment, StepLogged):
            self._advance(moment.step, moment.epoch, moment.row.get("loss"))
        elif isinstance(moment, EpochEnded):
            self._advance(moment.step, moment.epoch, moment.row.get("train_loss"))
        elif isinstance(moment, FitEnded):
            self.end()

    def line(self, text: str) -> None:
        """Print the line above the bar; its brackets are no markup."""
        with contextlib.suppress(OSError, ValueError):
            self._console.print(Text(text), soft_wrap=True)

    def write(self, stream: TextIO, text: str) -> None:
        """Whole lines go above the bar; a stream that is no terminal is left alone."""
        if self._progress is None or not stream.isatty():
            stream.write(text)
            return
        *lines, self._begun[stream] = (self._begun.get(stream, "") + text).split("\n")
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            with contextlib.suppress(OSError, ValueError):
                self._progress.stop()
            self._progress = None
        for stream, text in self._begun.items():
            stream.write(text)
        self._begun.clear()

    def _begin(self, moment: FitBegins) -> None:
        plan = moment.plan
        self._first_step = moment.first_step
        self._samples_a_step = plan.samples_a_step
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            _StepColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]} samples/s"),
            TimeRemainingColumn(),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # what is printed comes through `write`, and to the log as well
            redirect_stderr=False,
        )
        self._bar = self._progress.add_task(
            "",
            total=plan.steps,
            completed=moment.first_step,
            epoch=moment.first_epoch,
            epochs=plan.max_epochs,
            loss="-",
            speed="-",
        )
        self._progress.start()
        self._began = time.monotonic()

    def _advance(self, step: int, epoch: int, loss: Cell) -> None:
        """Move the bar, and draw it if it was not drawn just now."""
        now = time.monotonic()
        if self._progress is None or now - self._drawn < _SECONDS_BETWEEN_DRAWINGS:
            return
        self._drawn = now
        speed = (step - self._first_step) * self._samples_a_step / max(now - self._began, 1e-9)
        if isinstance(loss, float):
            self._loss = f"{loss:.4f}"
        self._progress.update(
            self._bar,
            completed=step,
            epoch=epoch,
            speed=f"{speed:,.0f}" if self._samples_a_step else "-",
            loss=self._loss,
        )
        self._progress.refresh()


class _StepColumn(ProgressColumn):
    """The step, and of how many where that is known."""

    def render(self, task: Task) -> Text:
        """As `step 15/30`, or `step 15`."""
        total = "" if task.total is None else f"/{task.total:.0f}"
        return Text(f"step {task.completed:.0f}{total}")


def choose_view(stream: TextIO, *, progress: bool = True) -> View:
    """The view that suits a stream: a bar on a terminal and in a notebook, else plain lines."""
    if not progress:
        return SilentView()
    console = Console(file=stream)
    if console.is_jupyter:
        widgets = importlib.util.find_spec("ipywidgets") is not None
        return RichView(Console()) if widgets else PlainView(stream)
    if console.is_terminal and not console.is_dumb_terminal:
        return RichView(console)
    return PlainView(stream)
