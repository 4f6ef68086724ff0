"""The monitors: which numbers decide on the best weights, and where each was best."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stride.errors import ConfigError
from stride.training.columns import monitored


@dataclass(frozen=True)
class Monitor:
    """A column of the epoch's row, and whether more of it is better."""

    column: str
    mode: Literal["min", "max"]

    def __str__(self) -> str:
        """As a config writes it: `val_accuracy:max`."""
        return f"{self.column}:{self.mode}"

    def improves(self, value: float, best: float | None) -> bool:
        """Whether a value is better than the best so far: a tie is not, and nan never is."""
        if value != value:
            return False
        if best is None:
            return True
        return value > best if self.mode == "max" else value < best


def parse_monitor(text: str) -> Monitor:
    """The monitor written as `val_accuracy:max`.

    Raises:
        ConfigError: it is written otherwise.
    """
    column, _, mode = text.partition(":")
    if mode == "max" and column:
        return Monitor(column, "max")
    if mode == "min" and column:
        return Monitor(column, "min")
    raise ConfigError(f"a monitor is a metric and its direction, as val_accuracy:max, not {text!r}")


def choose_monitors(chosen: Sequence[str], of_task: str, *, has_val: bool) -> list[Monitor]:
    """The monitors of a training: those chosen, else the task's own, of the training where nothing
    is validated.

    Raises:
        ConfigError: one is written wrongly, stands there twice, or needs a validation that there is
            not.
    """
    monitors = [parse_monitor(text) for text in chosen or [of_task]]
    files = [_file_part(monitor) for monitor in monitors]
    for monitor, file in zip(monitors, files, strict=True):
        if files.count(file) > 1:
            raise ConfigError(
                f"fit_kwargs.monitors names {monitor.column} twice; a metric decides on one file of"
                " weights"
            )
    if has_val:
        return monitors
    for monitor in monitors:
        if chosen and monitor.column.startswith("val_"):
            raise ConfigError(
                f"fit_kwargs.monitors: {monitor.column} needs a val split, and there is none"
            )
    return [
        Monitor(f"train_{monitor.column.removeprefix('val_')}", monitor.mode)
        if monitor.column.startswith("val_")
        else monitor
        for monitor in monitors
    ]


class Bests:
    """The best value so far of each monitor.

    A tie goes to the smaller loss of the same split, else to the earlier row. An accuracy takes few
    values: on 270 samples it stands still long before the weights are at their best.
    """

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self.monitors = tuple(monitors)
        self._values: dict[Monitor, float] = {}
        self._losses: dict[Monitor, float] = {}

    def update(self, row: Mapping[str, float | int]) -> list[tuple[Monitor, float]]:
        """The monitors that a row improves, with their values.

        Raises:
            ConfigError: a monitor names a column that the row has not.
        """
        improved = []
        for monitor in self.monitors:
            value = monitored(row, monitor.column, "fit_kwargs.monitors")
            loss = float(row.get(f"{monitor.column.partition('_')[0]}_loss", math.nan))
            best = self._values.get(monitor)
            wins_a_tie = value == best and loss < self._losses[monitor]
            if monitor.improves(value, best) or wins_a_tie:
                self._values[monitor] = value
                self._losses[monitor] = loss
                improved.append((monitor, value))
        return improved

    def any_for(self, monitor: Monitor) -> bool:
        """Whether the monitor ever had a value that is a number."""
        return monitor in self._values

    def weights_name(self, monitor: Monitor) -> str:
        """The file of a monitor's best weights: `best.safetensors` for the first,
        `best-<metric>.safetensors`.
        """
        if monitor == self.monitors[0]:
            return "best.safetensors"
        return f"best-{_file_part(monitor)}.safetensors"

    def state_dict(self) -> dict[str, Any]:
        """The best value of each monitor, and the loss beside it."""
        return {
            "values": {str(monitor): value for monitor, value in self._values.items()},
            "losses": {str(monitor): loss for monitor, loss in self._losses.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; of a monitor that is new here nothing is known."""
        by_text = {str(monitor): monitor for monitor in self.monitors}
        for own, stored in ((self._values, state["values"]), (self._losses, state["losses"])):
            own.clear()
            own.update({by_text[text]: value for text, value in stored.items() if text in by_text})


def _file_part(monitor: Monitor) -> str:
    """The column as a part of a file name: losses of a task may be called anything."""
    return re.sub(r"[^\w.-]", "_", monitor.column)
