"""The portrait of a run: all that `show` tells, as it is read from the files of the run."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stride.errors import StorageError, StoredFileError
from stride.store.provenance.read import read_folders
from stride.store.provenance.record import Provenance
from stride.store.record import AttemptRecord, RunRecord
from stride.store.row import Row, read_row
from stride.store.run import Run


@dataclass(frozen=True)
class Portrait:
    """Everything that is known of a run without loading it.

    Attributes:
        settings: the effective config.
        results: the numbers of each file in results/, by its name without the ending.
        files: path inside the run and size in bytes of every file.
    """

    row: Row
    record: RunRecord
    settings: dict[str, Any]
    results: dict[str, dict[str, Any]]
    files: list[tuple[str, int]]
    provenance: Provenance


def read_portrait(run: Run) -> Portrait:
    """Read a run.

    Raises:
        StoredFileError: its config.json or run.json cannot be read; the sentence says why.
    """
    row = read_row(run)
    if row.record is None or row.settings is None:
        raise StoredFileError(row.problem or f"{run.address} cannot be read")
    return Portrait(
        row=row,
        record=row.record,
        settings=row.settings,
        results=read_all_results(run),
        files=files_in(run),
        provenance=read_folders(
            (run.attempt_provenance_path(attempt.number) for attempt in row.record.attempts),
            run=run,
        ),
    )


def read_all_results(run: Run) -> dict[str, dict[str, Any]]:
    """The numbers of every results file; one that cannot be read tells its problem instead."""
    try:
        run.check_inside(run.results_path)
    except StoredFileError as error:
        return {run.results_metrics_path.stem: {"problem": str(error)}}
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(run.results_path.glob("*.json")):
        try:
            found[path.stem] = run.read_results(path.stem)
        except (StoredFileError, StorageError) as error:
            found[path.stem] = {"problem": str(error)}
    return found


def files_in(run: Run) -> list[tuple[str, int]]:
    """Every file of a run with its size, but locks and temporary files, which begin with a dot."""
    found = []
    for folder, _, names in os.walk(run.path):
        for name in (name for name in names if not name.startswith(".")):
            path = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):  # a temporary file of a run that trains
                found.append((str(path.relative_to(run.path)), path.lstat().st_size))
    return sorted(found)


def seconds_of(attempt: AttemptRecord) -> float | None:
    """How long an attempt took, None while it has not ended."""
    if attempt.ended is None:
        return None
    try:
        start, end = (datetime.fromisoformat(m) for m in (attempt.started, attempt.ended))
        return (end - start).total_seconds()
    except (ValueError, TypeError):
        return None
