"""The import of runs from an archive: unpacked into the staging, verified, then given numbers.

Whoever made the archive may mean harm. Nothing is written outside the staging folder, and no run
appears before all of the archive was verified. An import that is killed leaves only staging, which
the next creation clears away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stride.errors import RunExistsError, StorageError, VerificationError
from stride.files import encode_json, fsync_folder, read_content, storage_errors, write_new
from stride.json_text import decode_json
from stride.store.archive.file_reading import Proved
from stride.store.archive.manifest import (
    FILES_OF_A_RUN,
    NAME,
    ArchivedFile,
    ArchivedRun,
    ArchiveManifest,
    decode_manifest,
)
from stride.store.archive.origin import Origin
from stride.store.archive.reading import Archive, open_archive, refuse
from stride.store.claim import Place, claim_staged, stage
from stride.store.founding import is_experiment, made_folders
from stride.store.record import decode_record, utc_now
from stride.store.run import Run
from stride.store.run_id import read_id
from stride.store.trash import read_trash
from stride.store.work_dir import WorkDir

_SPARE = 2**20
_LOCK = ".import.lock"


@dataclass(frozen=True)
class Import:
    """What was taken: each run with where it came from; and the runs that were there already."""

    runs: tuple[tuple[Run, Origin], ...]
    skipped: tuple[tuple[ArchivedRun, str], ...]


def import_runs(archive: Path, work_dir: WorkDir, *, skip_existing: bool = False) -> Import:
    """Take the runs of an archive into an experiment, each with the next number and its own id.

    The experiment is made where there is none. All runs of the archive are unpacked and verified
    before the first one appears; on an error before that none does.

    Args:
        skip_existing: leave out runs that the experiment has already, instead of refusing.

    Raises:
        RunExistsError: the experiment, or its trash, has one of the runs already.
        VerificationError: a file is not what was packed.
        NewerFormatError: the archive, or a run in it, was written by a newer stride.
        UsageError: it is no archive of runs, or one that is not to be unpacked.
        StorageError: the disk refused.
    """
    with open_archive(archive) as members:
        manifest = decode_manifest(members.manifest(NAME), str(archive))
        try:
            there = is_experiment(work_dir)
            with made_folders(work_dir.path):
                return _import(members, manifest, archive, work_dir, there, skip_existing)
        except FileNotFoundError as error:
            raise StorageError(
                f"cannot import into {work_dir.path}: something removes the folder"
            ) from error


def _import(
    members: Archive,
    manifest: ArchiveManifest,
    archive: Path,
    work_dir: WorkDir,
    there: bool,
    skip_existing: bool,
) -> Import:
    place = Place(
        work_dir.path, work_dir.staging_path, work_dir.trash_path, work_dir.next_number_path
    )
    skipped = _known(work_dir, manifest.runs) if there else {}
    if not skip_existing:
        _refuse_known(skipped)
    wanted = [run for run in manifest.runs if run.id not in skipped]
    had_staging = place.staging.exists()
    staged: dict[str, Path] = {}
    imported: list[tuple[Run, Origin]] = []
    try:
        check_space(work_dir.path, sum(file.size for run in wanted for file in run.files))
        for run in wanted:
            staged[run.folder] = stage(place)
        _unpack(members, manifest, staged, archive)
        origins = {run.id: _finish(run, staged[run.folder], archive) for run in wanted}
        work_dir.initialize()
        with _turn(place.staging):
            late = _known(work_dir, wanted)
            if not skip_existing:
                _refuse_known(late)
            skipped |= late
            for run in wanted:
                if run.id in late:
                    continue
                name = claim_staged(place, staged[run.folder], FILES_OF_A_RUN)
                made = Run(work_dir.path / name, address=f"{work_dir.address}/{name}")
                imported.append((made, origins[run.id]))
    finally:
        for folder in staged.values():
            shutil.rmtree(folder, ignore_errors=True)
        if not had_staging and not imported:
            with contextlib.suppress(OSError):
                place.staging.rmdir()
    by_id = {run.id: run for run in manifest.runs}
    return Import(tuple(imported), tuple((by_id[id], where) for id, where in skipped.items()))


def _known(work_dir: WorkDir, runs: Collection[ArchivedRun]) -> dict[str, str]:
    """The ids that are there already, with where."""
    wanted = {run.id for run in runs}
    found: dict[str, str] = {}
    for run in work_dir.runs():
        if (id := read_id(run)) in wanted and id is not None:
            found[id] = run.address
    for entry in read_trash(work_dir):
        if entry.id in wanted and entry.id is not None:
            found.setdefault(entry.id, f"the trash, as {entry.address}")
    return found


def _refuse_known(known: Mapping[str, str]) -> None:
    for id, where in known.items():
        more = f", and {len(known) - 1} more are there" if len(known) > 1 else ""
        raise RunExistsError(
            f"run {id[:12]} is in {where} already{more}; --skip-existing takes the others"
        )


def check_space(folder: Path, size: int) -> None:
    """Whether so many bytes fit on the disk, as far as can be known beforehand.

    Raises:
        StorageError: they do not.
    """
    with storage_errors("read", folder):
        free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise StorageError(
            f"cannot unpack into {folder}: {(size + _SPARE) / 1e6:.1f} MB are needed, and"
            f" {free / 1e6:.1f} MB are free on the disk"
        )


def _unpack(
    members: Archive, manifest: ArchiveManifest, staged: Mapping[str, Path], archive: Path
) -> None:
    """Write the files of the staged runs, each verified; those of other runs are passed over."""
    files = {
        f"{run.folder}/{file.name}": (run.folder, file)
        for run in manifest.runs
        for file in run.files
    }
    missing = dict.fromkeys(files)
    for name, stream in members.members({name: file.size for name, (_, file) in files.items()}):
        folder, file = files[name]
        missing.pop(name)
        proved = Proved(stream, file)
        if folder in staged:
            _write(staged[folder] / file.name, proved, file)
        for _ in proved.pieces():  # of a run that is passed over
            pass
        proved.check(f"{name} in {archive} is not the file that was packed")
    if missing:
        raise refuse(archive, f"{next(iter(missing))!r} of its manifest is not in it")


def _write(path: Path, content: Proved, file: ArchivedFile) -> None:
    """Write a new file, durably, with the folders above it."""
    with storage_errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o777 if file.executable else 0o666)
        try:
            for piece in content.pieces():
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _finish(archived: ArchivedRun, folder: Path, archive: Path) -> Origin:
    """Look whether what was unpacked is the run that the manifest says; note where it came from."""
    run = Run(folder)
    there = Path(archive, archived.folder)
    record = decode_record(read_content(run.record_path), there / run.record_path.name)
    if record.id != archived.id:
        raise VerificationError(f"run {archived.run} in {archive} has another id than its manifest")
    decode_json(read_content(run.config_path), there / run.config_path.name)
    origin = Origin(
        moment=utc_now(),
        archive=archive.name,
        experiment=archived.experiment,
        run=archived.run,
        id=archived.id,
    )
    write_new(run.import_path, encode_json(msgspec.to_builtins(origin)))
    with storage_errors("write", folder):
        for below, _, _ in os.walk(folder):
            fsync_folder(Path(below))
    return origin


@contextlib.contextmanager
def _turn(staging: Path) -> Iterator[None]:
    """Imports into one experiment take turns: of two of the same run, the second sees the first."""
    import filelock  # deferred: it is slow to import

    try:
        with (
            storage_errors("write", staging),
            filelock.FileLock(staging / _LOCK, timeout=60),
        ):
            yield
    except filelock.Timeout as error:
        raise StorageError(f"another import into {staging.parent} does not end") from error
