"""The progress of a training on a terminal or in a notebook: epoch, step, loss, samples/s, time
left.
"""

from __future__ import annotations

import importlib.util
import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from stride.training.view import PlainView, Plan, SilentView, View

_SECONDS_BETWEEN_DRAWINGS = 0.2


class RichView(View):
    """A bar that stays at the bottom, and the epoch lines above it.

    It is drawn at log steps, a few times a second at most, and by no thread of its own: on a small
        model a thread that
    draws costs more than the logging.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._bar = TaskID(0)
        self._plan = Plan(1, 1, 1, 1.0)
        self._began = self._drawn = 0.0
        self._loss = "-"
        self._begun: dict[TextIO, str] = {}

    def begin(self, plan: Plan) -> None:
        """Draw the empty bar."""
        self._plan = plan
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
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
            "", total=plan.steps, epoch=1, epochs=plan.max_epochs, loss="-", speed="-"
        )
        self._progress.start()
        self._began = time.monotonic()

    def advance(self, step: int, epoch: int, loss: float | None) -> None:
        """Move the bar, and draw it if it was not drawn just now."""
        now = time.monotonic()
        if self._progress is None or now - self._drawn < _SECONDS_BETWEEN_DRAWINGS:
            return
        self._drawn = now
        speed = step * self._plan.samples_a_step / max(now - self._began, 1e-9)
        if loss is not None:
            self._loss = f"{loss:.4f}"
        self._progress.update(
            self._bar, completed=step, epoch=epoch, speed=f"{speed:,.0f}", loss=self._loss
        )
        self._progress.refresh()

    def line(self, text: str) -> None:
        """Print the line above the bar; its brackets are no markup."""
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
            self._progress.stop()
            self._progress = None
        for stream, text in self._begun.items():
            stream.write(text)
        self._begun.clear()


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
