"""The export of runs: one archive with a manifest of sizes and digests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stride.errors import RunBusyError, UsageError, VerificationError
from stride.files import fsync_folder, give_name, storage_errors, temporary_for
from stride.store.archive.contents import contents_of
from stride.store.archive.file_reading import Proved, opened, read_facts
from stride.store.archive.manifest import (
    NAME,
    ArchivedRun,
    ArchiveManifest,
    encode_manifest,
)
from stride.store.archive.member_names import refusal
from stride.store.archive.writing import ArchiveWriter, check_ending, writer
from stride.store.holding import read_dead
from stride.store.record import RunRecord
from stride.store.run import Run


@dataclass(frozen=True)
class Export:
    """What was packed.

    Attributes:
        path: of the archive, which has so many bytes.
        left_out: of each run, by its address: names of what is not in it, with the reason.
    """

    path: Path
    size: int
    manifest: ArchiveManifest
    left_out: dict[str, dict[str, str]]


def export_runs(runs: Sequence[Run], path: Path, *, checkpoints: bool | None = None) -> Export:
    """Pack runs into one archive: `.tar.gz`, `.tar` or `.zip`, as its name says.

    The same runs give the same bytes. It appears whole, and over no other file.

    Args:
        checkpoints: all of them, or none; None: see `contents_of`.

    Raises:
        RunBusyError: a process trains one of them, or may.
        StoredFileError: the record of one cannot be read.
        UsageError: the name does not do, a file is there, or a run has names that clash.
        VerificationError: a file changed while it was packed.
        StorageError: the disk refused; no archive is left.
    """
    check_ending(path)
    if os.path.lexists(path):
        raise _there_already(path)
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} into")
    for run in runs:
        if path.absolute().is_relative_to(run.path):
            raise UsageError(f"{path} is in {run.address} itself; write the archive elsewhere")
    records = [_read(run) for run in runs]
    archived: list[ArchivedRun] = []
    left_out: dict[str, dict[str, str]] = {}
    for run, record in zip(runs, records, strict=True):
        contents = contents_of(run, record, checkpoints=checkpoints)
        if reason := refusal(contents.names):
            raise UsageError(f"{run.address} cannot be packed: {reason}")
        left_out[run.address] = contents.left_out
        folder = _folder(run, record, {each.folder.casefold() for each in archived})
        archived.append(
            ArchivedRun(
                folder=folder,
                run=run.name,
                id=record.id,
                experiment=run.work_dir.name,
                files=tuple(read_facts(run.path / name, name) for name in contents.names),
            )
        )
    manifest = ArchiveManifest(runs=tuple(archived))
    return Export(path, _write(runs, manifest, path), manifest, left_out)


def _read(run: Run) -> RunRecord:
    read_dead(run)
    return run.read_record()


def _folder(run: Run, record: RunRecord, taken: set[str]) -> str:
    """The folder of a run in the archive: its name, unless one of another experiment has that."""
    return run.name if run.name.casefold() not in taken else f"run-{run.name[:50]}-{record.id}"


def _write(runs: Sequence[Run], manifest: ArchiveManifest, path: Path) -> int:
    temporary = temporary_for(path)
    with storage_errors("write", path):
        try:
            with temporary.open("xb") as stream:
                with writer(stream, path.name) as archive:
                    archive.add_bytes(NAME, encode_manifest(manifest))
                    for run, archived in zip(runs, manifest.runs, strict=True):
                        _add(archive, run, archived)
                stream.flush()
                os.fsync(stream.fileno())
                size = stream.tell()
            if not give_name(temporary, path):
                raise _there_already(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        fsync_folder(path.absolute().parent)
    return size


def _add(archive: ArchiveWriter, run: Run, archived: ArchivedRun) -> None:
    for file in archived.files:
        path = run.path / file.name
        changed = f"{path} changed while it was packed; try again"
        with opened(path) as stream:
            proved = Proved(stream, file)
            try:
                archive.add(f"{archived.folder}/{file.name}", file.size, file.executable, proved)
            except OSError as error:
                if error.errno is None:  # tar: the file ended before its size
                    raise VerificationError(changed) from error
                raise
            proved.check(changed)
    try:
        read_dead(run)
    except RunBusyError as error:
        raise VerificationError(f"{run.address} began to train while it was packed") from error


def _there_already(path: Path) -> UsageError:
    return UsageError(f"{path} exists already, and is not overwritten")
