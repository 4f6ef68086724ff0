"""Claiming the run of a trial: made with the trial in its record, or found where it was made."""

from __future__ import annotations

import json
from typing import Any

from stride.config.resolution import Layer, Resolved, resolve
from stride.errors import StrideError
from stride.files import read_content
from stride.store.record import TrialRecord, decode_record
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.sweep.definition import Definition
from stride.sweep.space import Point
from stride.training.catalog import BuiltinCatalog
from stride.training.things import code_of


def resolve_point(settings: dict[str, Any], point: Point) -> Resolved:
    """The config of a point, over what every trial has.

    Raises:
        ConfigError, CodeReferenceError: it does not make a config.
    """
    return resolve([Layer(settings=settings), Layer(settings=dict(point))], BuiltinCatalog())


def claim_run(work_dir: WorkDir, definition: Definition, number: int, point: Point) -> Run:
    """Make the run of a trial.

    Raises:
        ConfigError, CodeReferenceError: the point does not make a config.
        StorageError: the disk refused.
    """
    resolved = resolve_point(definition.settings, point)
    return work_dir.create(
        resolved.config.to_json(),
        overrides=(*definition.typed, *(f"{key}={shown(value)}" for key, value in point.items())),
        chosen=resolved.chosen,
        code=code_of(resolved.config),
        sweep=TrialRecord(sweep=definition.name, study=definition.id, trial=number),
    )


def find_run(work_dir: WorkDir, definition: Definition, number: int) -> Run | None:
    """The run of a trial whose worker was killed before it could note it; None where there is none.

    The newest runs are looked at first. Most are told apart without being decoded.
    """
    mark = definition.id.encode()
    for run in reversed(list(work_dir.runs())):
        try:
            content = read_content(run.record_path)
            trial = decode_record(content, run.record_path).sweep if mark in content else None
        except (StrideError, OSError):
            continue
        if trial is not None and (trial.study, trial.trial) == (definition.id, number):
            return run
    return None


def shown(value: Any) -> str:
    """A value as it is typed."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
