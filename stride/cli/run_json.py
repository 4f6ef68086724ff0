"""A run in JSON: the fields that `list`, `show`, `create`, `fit` and `load-run` share."""

from __future__ import annotations

from typing import Any

import msgspec

from stride.cli.row import UNREADABLE, Row

FIELDS = {
    "run": "the run's name in its experiment: its number as text, or the name it was given",
    "number": "its number; null for a run with a name",
    "address": "what a command takes: the experiment as typed, and the run",
    "path": "absolute path of the run's folder",
    "id": "permanent random id",
    "status": "created, running, completed, stopped, failed, crashed, stalled, unknown, unreadable",
    "life": "alive, crashed, stalled or unknown where the stored status is running; else null",
    "reason": "why the status is what it is, in words; null where there is nothing to say",
    "created": "moment of creation, UTC, ISO 8601",
    "progress": "epoch, max_epochs, step, max_steps as far as known; null before the first step",
    "best": "one element a monitor: monitor, mode, value, epoch, step, weights (file), metrics",
    "last": "the metrics of the newest epoch",
    "config": "the whole config, as a tree",
    "chosen": "the config keys that people gave; the others are defaults",
    "tags": "tags of the run",
    "note": "note on the run",
    "problem": "why files of the run cannot be read; null where they can",
}


def run_fields(row: Row) -> dict[str, Any]:
    """The shared fields of a run; those of an unreadable file are null."""
    record, verdict, labels = row.record, row.verdict, row.labels
    return {
        "run": row.run.name,
        "number": row.run.number,
        "address": row.run.address,
        "path": str(row.run.path.absolute()),
        "id": record.id if record else None,
        "status": status_of(row),
        "life": verdict.life.value if verdict and verdict.life else None,
        "reason": verdict.reason or None if verdict else None,
        "created": record.created if record else None,
        "progress": msgspec.to_builtins(record.progress) if record else None,
        "best": msgspec.to_builtins(record.best) if record else None,
        "last": record.last if record else None,
        "config": settings_of(row.config),
        "chosen": record.chosen if record else None,
        "tags": labels.tags if labels else None,
        "note": labels.note if labels else None,
        "problem": row.problem,
    }


def status_of(row: Row) -> str:
    """The status in one word: what is known of a life goes before what is stored."""
    return UNREADABLE if row.verdict is None or row.problem else row.verdict.word


def settings_of(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored config without its format number, which is no setting."""
    if config is None:
        return None
    return {key: value for key, value in config.items() if key != "format"}
