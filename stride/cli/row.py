"""A row of a listing: what `list` and `diff` read of one run, or why it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stride.config.stored import read_stored_config
from stride.errors import StrideError
from stride.store.labels import Labels
from stride.store.liveness import Verdict
from stride.store.record import RunRecord
from stride.store.run import Run

UNREADABLE = "unreadable"
"""The status of a run whose files cannot be read; the reason is beside it."""

STYLES = {
    "created": "blue",
    "running": "cyan",
    "completed": "green",
    "stopped": "yellow",
    "failed": "red",
    "crashed": "red",
    "stalled": "yellow",
    "unknown": "magenta",
    UNREADABLE: "red",
}
"""How a status is painted."""


@dataclass(frozen=True)
class Row:
    """One run as its config.json, run.json and labels.json tell it; what is unreadable is None."""

    run: Run
    config: dict[str, Any] | None
    record: RunRecord | None
    labels: Labels | None
    verdict: Verdict | None
    problem: str | None


def read_row(run: Run) -> Row:
    """Read the three files of a run; never raises for what is in them."""
    problems: list[str] = []

    def attempt(read: Any) -> Any:
        try:
            return read()
        except (StrideError, FileNotFoundError) as error:
            problems.append(str(error))
            return None

    config = attempt(lambda: read_stored_config(run.read_config(), str(run.config_path)))
    record = attempt(run.read_record)
    labels = attempt(run.read_labels)
    verdict = None if record is None else run.status(record)
    return Row(run, config, record, labels, verdict, "; ".join(problems) or None)
