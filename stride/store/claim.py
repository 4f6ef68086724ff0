"""The claim of a run: built whole in the staging folder, made durable, and there by one rename.

The rename fails where a run is, so that no number is ever given twice; then the next number is tried, without
another look at the folder. A claim that is killed leaves no number, only its staging, which a later claim on
the same machine clears away.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stride.errors import RunExistsError
from stride.files import fsync_folder, storage_errors
from stride.store.machine_identity import ProcessState, process_start, process_state, this_machine
from stride.store.names import is_number

_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR})


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs are claimed: the experiment and the folders in it that a claim touches.

    A run that was removed lies in `trash` under its number, or its number, a dot and anything else.
    `hint` holds the number that is probably next; it is a cache, and believed only after a look.
    """

    experiment: Path
    staging: Path
    trash: Path
    hint: Path


def claim(place: Place, contents: Mapping[str, bytes], name: str | None = None) -> str:
    """Make a run with these files, durably, and give its name: the next number unless one is given.

    Four fsyncs: each of the two files and the folder that holds them, so that a power cut after the rename
    never shows a run that is not whole; and the experiment, so that a number that was given stays given.

    Raises:
        RunExistsError: there is something under the name.
        FileNotFoundError: the experiment, or the staging, was removed meanwhile; the claim may be tried again.
        StorageError: the disk refused; nothing is left behind.
    """
    if name is not None and os.path.lexists(place.experiment / name):
        raise _taken(place, name)
    with storage_errors("create a run in", place.experiment):
        with contextlib.suppress(FileExistsError):
            place.staging.mkdir()
        _clear_stale(place.staging)
        staged = f"{place.staging}/{_staging_prefix(os.getpid())}{secrets.token_hex(4)}"
        try:
            os.mkdir(staged)
            _write_durably(staged, contents)
            name = _appear(place, staged, contents, name)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        fsync_folder(place.experiment)
    return name


def _write_durably(folder: str, contents: Mapping[str, bytes]) -> None:
    """Write the files; all are on their way to the disk before the first is waited for."""
    descriptors: list[int] = []
    try:
        for name, content in contents.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(f"{folder}/{name}", flags, 0o666)
            descriptors.append(descriptor)
            if os.write(descriptor, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if hasattr(
                os, "posix_fadvise"
            ):  # Linux starts writing now, so that one commit serves all
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        for descriptor in reversed(descriptors):
            os.fsync(descriptor)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    fsync_folder(Path(folder))


def _appear(place: Place, staged: str, contents: Mapping[str, bytes], name: str | None) -> str:
    """Rename the staged run to its name, or to the next number that is free."""
    experiment = str(place.experiment)
    if name is not None:
        if not _rename(staged, f"{experiment}/{name}"):
            raise _taken(place, name)
        return name
    number = _hinted_number(place)
    if number is None:
        number = _number_after_all(place, contents)
    trash = str(place.trash)
    while os.path.lexists(f"{trash}/{number}") or not _rename(staged, f"{experiment}/{number}"):
        number += 1
    _write_hint(place.hint, number + 1)
    return str(number)


def _rename(staged: str, target: str) -> bool:
    """Whether the rename worked; False where something is."""
    try:
        os.rename(staged, target)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def _taken(place: Place, name: str) -> RunExistsError:
    return RunExistsError(f"{place.experiment / name} exists already; choose another name")


def _hinted_number(place: Place) -> int | None:
    """The number in the hint, if the one before it was really given."""
    try:
        number = int(place.hint.read_bytes())
    except (OSError, ValueError):
        return None
    if number <= 0:
        return None
    before = str(number - 1)
    known = os.path.lexists(place.experiment / before) or os.path.lexists(place.trash / before)
    return number if known else None


def _write_hint(hint: Path, number: int) -> None:
    """In place, as wide as before: other claims read the old number or the new, and check either."""
    with contextlib.suppress(OSError):
        hint.parent.mkdir(exist_ok=True)
        descriptor = os.open(hint, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.pwrite(descriptor, b"%020d" % number, 0)
        finally:
            os.close(descriptor)


def _number_after_all(place: Place, contents: Mapping[str, bytes]) -> int:
    """One more than the highest number that a run has or had; other folders of digits do not count."""
    names = [int(name) for name in os.listdir(place.experiment) if is_number(name)]
    highest = next(
        (
            number
            for number in sorted(names, reverse=True)
            if any(os.path.lexists(f"{place.experiment}/{number}/{file}") for file in contents)
        ),
        -1,
    )
    with contextlib.suppress(OSError):  # after the runs: one that is moved between is seen here
        for name in os.listdir(place.trash):
            number = name.partition(".")[0]
            if is_number(number):
                highest = max(highest, int(number))
    return highest + 1


def _clear_stale(staging: Path) -> None:
    """Remove what claims of this machine left that are no more; those of other machines are not judged."""
    for name in os.listdir(staging):
        if _is_stale(name):
            shutil.rmtree(staging / name, ignore_errors=True)


def _is_stale(name: str) -> bool:
    machine, boot, namespace = _origin()
    try:
        its_machine, its_boot, its_namespace, pid, start, _ = name.split("_")
        if its_machine != machine:
            return False
        if its_boot != boot:
            return True
        gone = process_state(int(pid), float(start)) is ProcessState.DEAD
        return its_namespace == namespace and gone
    except ValueError:
        return False


@functools.cache
def _origin() -> tuple[str, str, str]:
    machine = this_machine()
    return (
        _short(f"{machine.host} {machine.machine_id}"),
        _short(machine.boot_id),
        machine.pid_namespace or "0",
    )


@functools.cache
def _staging_prefix(pid: int) -> str:
    """Begins the name of a staged run: who stages it. By pid, for a forked process is another one."""
    return "_".join((*_origin(), str(pid), f"{process_start(pid) or 0:.2f}", ""))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
