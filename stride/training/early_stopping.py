"""Early stopping: the end of a training that no longer becomes better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stride.config.fit_kwargs import EarlyStoppingKwargs
from stride.training.columns import check_column, monitored
from stride.training.monitors import Monitor, parse_monitor

_KEY = "fit_kwargs.early_stopping.monitor"


class EarlyStopping:
    """Counts the evaluations since the monitor became better by more than `min_delta`.

    Args:
        settings: without `patience` it never ends anything.
        monitor: the column that is watched. A value that is nan is no improvement.
    """

    def __init__(self, settings: EarlyStoppingKwargs, monitor: Monitor) -> None:
        self._settings = settings
        self._monitor = monitor
        self._best: float | None = None
        self._waited = 0

    def update(self, row: Mapping[str, float | int]) -> str | None:
        """Look at the row of an evaluation; why the training is over, if it is.

        Raises:
            ConfigError: the row has no such column.
        """
        patience = self._settings.patience
        if patience is None:
            return None
        value = monitored(row, self._monitor.column, _KEY)
        if self._monitor.improves(value, self._least()):
            self._best = value
            self._waited = 0
            return None
        self._waited += 1
        return self._reason() if self._waited >= patience else None

    def state_dict(self) -> dict[str, Any]:
        """The best value so far, of which monitor, and how long ago it was."""
        return {"monitor": str(self._monitor), "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the count begins anew if another monitor was watched."""
        if state["monitor"] == str(self._monitor):
            self._best = state["best"]
            self._waited = state["waited"]

    def _least(self) -> float | None:
        """What a value must be better than."""
        if self._best is None:
            return None
        delta = self._settings.min_delta
        return self._best + delta if self._monitor.mode == "max" else self._best - delta

    def _reason(self) -> str:
        better = "greater" if self._monitor.mode == "max" else "smaller"
        delta = f" by more than {self._settings.min_delta:g}" if self._settings.min_delta else ""
        evaluations = "1 evaluation" if self._waited == 1 else f"{self._waited} evaluations"
        if self._best is None:
            return f"early stopping: {self._monitor.column} was no number for {evaluations}"
        return (
            f"early stopping: {self._monitor.column} was not {better} than {self._best:.6g}{delta}"
            f" for {evaluations}"
        )


def build_early_stopping(
    settings: EarlyStoppingKwargs, monitors: Sequence[Monitor], columns: Iterable[str]
) -> EarlyStopping:
    """The early stopping of a config: by its own monitor, else by the first of the training's.

    Args:
        columns: that the rows of the training will have.

    Raises:
        ConfigError: its monitor names a column that there will not be.
    """
    monitor = monitors[0]
    if settings.monitor is not None:
        monitor = parse_monitor(settings.monitor)
        check_column(monitor.column, columns, _KEY)
    return EarlyStopping(settings, monitor)
