"""The check of weights and tables: there, and what was written."""

from __future__ import annotations

from collections.abc import Iterator

from stride.errors import RunNameError, StorageError, StoredFileError
from stride.files import sha256_of_file
from stride.store.doctor.finding import Finding, Level
from stride.store.doctor.links import led_out
from stride.store.record import RunRecord, Status
from stride.store.run import Run
from stride.store.weights_digests import recorded_digests, recorded_files
from stride.tables import read_table


def check_digests(run: Run, record: RunRecord, *, deep: bool) -> Iterator[Finding]:
    """Look for the weights whose digests run.json has.

    Args:
        deep: read them and compare, and read the tables.
    """
    died = record.status is Status.RUNNING  # a digest is recorded before the file is written
    for name in recorded_files(record.digests):
        digests = recorded_digests(record.digests, name)
        try:
            path = run.weights_file(name)
        except RunNameError:
            yield Finding("wrong name", run.record_path, f"it has a digest of {name[:100]!r}")
            continue
        if found := led_out(run, path):
            yield found
            continue
        if not path.is_file():
            level = Level.NOTE if died and len(digests) == 1 else Level.PROBLEM
            text = "run.json has a digest of it, and it is not there"
            yield Finding("missing file", path, text, level)
            continue
        if deep:
            try:
                digest = sha256_of_file(path)
            except (StorageError, FileNotFoundError) as error:
                yield Finding("unreadable file", path, str(error))
                continue
            if digest not in digests:
                text = f"not the file that was written: its digest is {digest[:19]}…"
                yield Finding("digest does not hold", path, f"{text}, not {digests[0][:19]}…")
    tables = (run.metrics_path, run.steps_path, run.timings_path, run.digests_path)
    for table in tables if deep else ():
        try:
            run.check_inside(table)
            read_table(table)
        except (StoredFileError, StorageError) as error:
            yield Finding("torn file", table, str(error))
