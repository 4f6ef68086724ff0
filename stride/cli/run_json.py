"""A run in JSON: the fields that `list`, `show`, `create`, `fit` and `load-run` share."""

from __future__ import annotations

from typing import Any

import msgspec

from stride.config.differences import ABSENT
from stride.store.row import Row

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
    "config": "the whole config that holds, as a tree: as stored, with what attempts changed since",
    "chosen": "the config keys that people gave; the others are defaults",
    "changed": "config key to the `attempt` that changed it, and its value `before` (or null)",
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
        "status": row.status,
        "life": verdict.life.value if verdict and verdict.life else None,
        "reason": verdict.reason or None if verdict else None,
        "created": record.created if record else None,
        "progress": msgspec.to_builtins(record.progress) if record else None,
        "best": msgspec.to_builtins(record.best) if record else None,
        "last": record.last if record else None,
        "config": row.settings,
        "chosen": record.chosen if record else None,
        "changed": {
            key: {
                "attempt": change.attempt,
                "before": None if change.before is ABSENT else change.before,
            }
            for key, change in row.changed.items()
        },
        "tags": labels.tags if labels else None,
        "note": labels.note if labels else None,
        "problem": row.problem,
    }
