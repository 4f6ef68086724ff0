"""The metric that decides which trial is best: checked against what a training measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stride.config.schema import Config
from stride.errors import ConfigError, StrideError
from stride.store.query.better import better_by_name
from stride.sweep.definition import Direction
from stride.training.columns import check_column

_KINDS = ("last", "min", "max", "test")


@dataclass(frozen=True)
class Measures:
    """What a training measures.

    Attributes:
        monitors: as `val_accuracy:max`, the one that decides on the best weights first.
        columns: of metrics.csv, as far as they are known before the first step.
    """

    monitors: tuple[str, ...]
    columns: tuple[str, ...]


def measure(config: Config, *, device: str | None = None) -> Measures:
    """Build what a config names, in a process of its own, and see what it measures.

    Args:
        device: in place of the config's own.

    Raises:
        ConfigError: the training of this config would not begin; the sentence says why.
        StrideError: the process ended otherwise.
    """
    tree = config.to_json() | ({} if device is None else {"device": device})
    done = subprocess.run(
        [sys.executable, "-m", "stride.sweep.probe"],
        input=json.dumps(tree),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore")},
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise StrideError(f"the first point of the sweep cannot be built: {last}") from error
    if "error" in answer:
        raise ConfigError(f"the first point of the sweep cannot be trained: {answer['error']}")
    return Measures(tuple(answer["monitors"]), tuple(answer["columns"]))


def choose_metric(
    typed: str | None, direction: str | None, measures: Measures
) -> tuple[str, Direction]:
    """The metric and the direction in which it is better.

    Args:
        typed: as `val_loss`, `last.val_loss`, `val_loss:min`; None: the monitor.
        direction: `min` or `max`; None where it goes without saying.

    Raises:
        ConfigError: there is no such metric, or it is not known what is better.
    """
    metric, _, mode = (typed or measures.monitors[0]).partition(":")
    direction = direction or mode or None
    kind, dot, name = metric.partition(".")
    if dot and kind not in _KINDS:
        raise ConfigError(
            f"--metric {metric}: a metric is a name, or one of {', '.join(_KINDS)} and a name, as"
            " last.val_loss"
        )
    column = name if dot else metric
    if kind != "test" or not dot:
        check_column(column, measures.columns, "--metric")
    if direction is None:
        direction = _direction(column, measures.monitors)
    if direction not in ("min", "max"):
        raise ConfigError(f"--direction is min or max, not {direction!r}")
    return metric, "min" if direction == "min" else "max"


def _direction(column: str, monitors: Sequence[str]) -> Direction:
    for monitor in monitors:
        name, _, mode = monitor.partition(":")
        if name in (column, f"val_{column}"):
            return "min" if mode == "min" else "max"
    if better := better_by_name(column):
        return better
    raise ConfigError(f"is more {column} better, or less? say --direction max or --direction min")
