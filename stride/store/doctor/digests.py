"""The check of weights and tables: there, and what was written."""

from __future__ import annotations

from collections.abc import Iterator

from stride.errors import RunNameError, StorageError, StoredFileError
from stride.files import sha256_of_file
from stride.store.doctor.finding import Finding
from stride.store.record import RunRecord
from stride.store.run import Run
from stride.tables import read_table


def check_digests(run: Run, record: RunRecord, *, deep: bool) -> Iterator[Finding]:
    """Look for the weights whose digests run.json has.

    Args:
        deep: read them and compare, and read the tables.
    """
    for name, digest in record.digests.items():
        try:
            path = run.weights_file(name)
        except RunNameError:
            yield Finding("wrong name", run.record_path, f"it has a digest of {name[:100]!r}")
            continue
        if not path.is_file():
            yield Finding("missing file", path, "run.json has a digest of it, and it is not there")
            continue
        if deep:
            try:
                found = sha256_of_file(path)
            except (StorageError, FileNotFoundError) as error:
                yield Finding("unreadable file", path, str(error))
                continue
            if found != digest:
                text = f"not the file that was written: its digest is {found[:19]}…"
                yield Finding("digest does not hold", path, f"{text}, not {digest[:19]}…")
    for table in (run.metrics_path, run.steps_path, run.timings_path) if deep else ():
        try:
            read_table(table)
        except (StoredFileError, StorageError) as error:
            yield Finding("torn file", table, str(error))
