"""The details of a report page: what is told of each run on its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from stride.config.differences import ABSENT
from stride.errors import StoredFileError
from stride.report.page_runs import Shared, short_value
from stride.report.portrait import read_all_results, seconds_of
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.read import read_folders
from stride.store.provenance.record import Provenance
from stride.store.record import AttemptRecord
from stride.store.row import Row
from stride.store.run import Run


def build_details(rows: Sequence[Row]) -> dict[str, Any]:
    """What is told of each run beside the table, in the order of the runs; and what many share."""
    shared = Shared()
    return {"runs": [_details(row, shared) for row in rows], "shared": shared.values}


def _details(row: Row, shared: Shared) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reason": row.verdict.reason if row.verdict else "",
        "problem": row.problem,
        "changed": {
            key: [change.attempt, None if change.before is ABSENT else change.before]
            for key, change in row.changed.items()
        },
        "results": read_all_results(row.run),
    }
    record = row.record
    if record is not None:
        told |= {
            "id": record.id,
            "stride": record.stride,
            "overrides": record.overrides,
            "parents": [f"{each.relation} {each.work_dir}/{each.run}" for each in record.parents],
            "sweep": f"{record.sweep.sweep}, trial {record.sweep.trial}" if record.sweep else None,
            "chosen": shared.place(sorted(row.chosen)),
            "resolved": shared.place(record.resolved),
            "error": msgspec.to_builtins(record.error),
            "best": msgspec.to_builtins(record.best),
            "attempts": [_attempt(each) for each in record.attempts],
            "provenance": [shared.place(each) for each in _provenance(row)],
        }
    return {
        key: short_value(value)
        for key, value in told.items()
        if value not in (None, "", [], {}, ())
    }


def _attempt(attempt: AttemptRecord) -> list[Any]:
    """What the table of attempts shows, in the order of its columns."""
    return [
        attempt.number,
        attempt.started,
        seconds_of(attempt),
        attempt.host,
        attempt.device,
        attempt.world_size,
        attempt.first_step,
        attempt.last_step,
        attempt.outcome,
        " ".join([*attempt.overrides, *attempt.notes]),
    ]


def _provenance(row: Row) -> list[dict[str, Any]]:
    """Code, machine and packages of the newest attempt, each apart: runs share them."""
    attempts = row.record.attempts if row.record else ()
    folders = (row.run.attempt_provenance_path(each.number) for each in attempts)
    try:
        found = read_folders(folder for folder in folders if _is_inside(row.run, folder))
    except OSError:
        return []
    return [part for part in (_code(found), _machine(found), _packages(found)) if part]


def _is_inside(run: Run, folder: Path) -> bool:
    """Whether no link leads from the folder, or from a file in it, out of the experiment."""
    files = ProvenanceFolder(folder)
    try:
        for path in (files.code_path, files.machine_path, files.packages_path):
            run.check_inside(path)
    except StoredFileError:
        return False
    return True


def _code(found: Provenance) -> dict[str, Any]:
    code = found.code
    if code is None or code.repository is None:
        return {}
    return {
        "repository": code.repository,
        "commit": code.commit,
        "branch": code.branch,
        "remote": code.remote.url if code.remote else None,
        "uncommitted files": code.changed,
        "untracked files": len(code.files),
        "code digest": code.digest,
    }


def _machine(found: Provenance) -> dict[str, Any]:
    machine = found.machine
    if machine is None:
        return {}
    return {
        "host": machine.host,
        "system": machine.system,
        "processor": machine.cpu,
        "graphics": [gpu.name for gpu in machine.gpus],
        "python": machine.python,
        "torch": machine.torch,
    }


def _packages(found: Provenance) -> dict[str, Any]:
    if not found.packages:
        return {}
    return {"packages": " ".join(f"{name}={found.packages[name]}" for name in found.packages)}
