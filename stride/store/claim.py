"""The claim of a run: built whole in the staging folder, made durable, there by one rename.

The rename fails where a run is, so that no number is ever given twice; then the next number is
tried, without another look at the folder. A claim that is killed leaves no number, only its
staging, which a later claim on the same machine clears away.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from stride.errors import RunExistsError, StorageError
from stride.files import fsync_folder, storage_errors
from stride.store.machine_identity import ProcessState, process_start, process_state, this_machine
from stride.store.names import is_number

_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY})
_FILE_THERE = frozenset({errno.ENOTDIR, errno.EISDIR})


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs are claimed: the experiment, and the parts of it that a claim touches.

    A run that was removed lies in `trash` under its number, moved there by one rename. `hint` holds
    the number that is probably next: a cache, believed only after a look.
    """

    experiment: Path
    staging: Path
    trash: Path
    hint: Path


def claim(
    place: Place,
    contents: Mapping[str, bytes],
    name: str | None = None,
    *,
    found: Callable[[], object] | None = None,
) -> str:
    """Make a run of these files, durably, and give its name: the next number unless one is given.

    Three fsyncs. Both files before the rename, so that no power cut shows a run that is not whole;
    the experiment after it, so that a number, once given, stays given. The folder of the run is not
    fsynced: journalling file systems keep the entry of a new file with the file. Should one not, a
    power cut leaves a folder without files, which is no run; the first attempt fsyncs it anyway.

    Args:
        found: makes the folder an experiment; called between writing and appearing.

    Raises:
        RunExistsError: there is something under the name.
        FileNotFoundError: the experiment or the staging was removed meanwhile; try again.
        StorageError: the disk refused; nothing is left behind.
    """
    with storage_errors("create a run in", place.experiment):
        if name is not None and os.path.lexists(place.experiment / name):
            raise _taken(place, name)
        with contextlib.suppress(FileExistsError):
            place.staging.mkdir()
        _clear_stale(place.staging)
        staged = place.staging / f"{_staging_prefix(os.getpid())}{os.urandom(4).hex()}"
        try:
            staged.mkdir()
            _write_durably(str(staged), contents)
            if found is not None:
                found()
            name = _appear(place, staged, contents, name)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            if found is not None:
                with contextlib.suppress(OSError):  # others stage there
                    place.staging.rmdir()
            raise
        fsync_folder(place.experiment)
    return name


def stage(place: Place) -> Path:
    """Make a folder where a run is put together otherwise, for `claim_staged`.

    If this process dies, later claims on this machine clear it away.

    Raises:
        StorageError: the disk refused.
    """
    if place.staging.is_symlink():
        raise StorageError(f"{place.staging} is a symbolic link, which is not followed")
    with storage_errors("create a run in", place.experiment):
        place.staging.mkdir(exist_ok=True)
        _clear_stale(place.staging)
        staged = place.staging / f"{_staging_prefix(os.getpid())}{os.urandom(4).hex()}"
        staged.mkdir()
    return staged


def claim_staged(place: Place, staged: Path, files: Collection[str]) -> str:
    """Give a staged run, durable already, the next number.

    Args:
        files: names that every run has.

    Raises:
        StorageError: the disk refused; the folder is where it was.
    """
    with storage_errors("create a run in", place.experiment):
        name = _appear(place, staged, files, None)
        fsync_folder(place.experiment)
    return name


def stale_claims(staging: Path) -> list[Path]:
    """What dead claims of this machine left; those of other machines are not judged."""
    with os.scandir(staging) as entries:
        return [staging / entry.name for entry in entries if _is_stale(entry.name)]


def _write_durably(folder: str, contents: Mapping[str, bytes]) -> None:
    """Write the files; all are on their way to the disk before the first is waited for."""
    descriptors: list[int] = []
    try:
        for name, content in contents.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(f"{folder}/{name}", flags, 0o666)
            descriptors.append(descriptor)
            view = memoryview(content)
            while view:  # a disk that is nearly full takes a part, and says why at the next
                view = view[os.write(descriptor, view) :]
            if hasattr(os, "posix_fadvise"):  # Linux begins to write: one commit then serves all
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        for descriptor in reversed(descriptors):
            os.fsync(descriptor)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _appear(place: Place, staged: Path, contents: Collection[str], name: str | None) -> str:
    """Rename the staged run to its name, or to the next number that is free."""
    if name is not None:
        if not _rename(staged, f"{place.experiment}/{name}"):
            raise _taken(place, name)
        return name
    number = _hinted_number(place)
    if number is None:
        number = _number_after_all(place, contents)
    while not _take_number(place, staged, number):
        number += 1
    _write_hint(place.hint, number + 1)
    return str(number)


def _take_number(place: Place, staged: Path, number: int) -> bool:
    """Rename the staged run to a number, unless another run has it or had it.

    Between the look into the trash and the rename, a run of the number may come and be removed. So
    we look again: what lies there is ours, removed already, or the number is theirs, and ours is
    taken back. (A kill just then leaves it beside theirs: a run that nobody was given.)
    """
    target, removed = f"{place.experiment}/{number}", f"{place.trash}/{number}"
    folder = staged.stat().st_ino
    if os.path.lexists(removed) or not _rename(staged, target):
        return False
    if not os.path.lexists(removed):
        return True
    try:
        ours = Path(target).stat().st_ino == folder
    except FileNotFoundError:
        ours = False
    if ours:
        Path(target).rename(staged)
    return not ours


def _rename(staged: Path, target: str) -> bool:
    """Whether the rename worked; False where something is in the way."""
    try:
        staged.rename(target)
    except OSError as error:
        if error.errno in _TAKEN or (error.errno in _FILE_THERE and os.path.lexists(target)):
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
    given = os.path.lexists(place.experiment / before) or os.path.lexists(place.trash / before)
    return number if given else None


def _write_hint(hint: Path, number: int) -> None:
    """In place and always as wide: other claims read one number or another, and check it."""
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(hint, flags, 0o666)
        except FileNotFoundError:
            hint.parent.mkdir(exist_ok=True)
            descriptor = os.open(hint, flags, 0o666)
        try:
            os.pwrite(descriptor, b"%020d" % number, 0)
        finally:
            os.close(descriptor)


def _number_after_all(place: Place, contents: Collection[str]) -> int:
    """One more than the highest number that a run has or had; other folders do not count."""
    highest = -1
    with os.scandir(place.experiment) as entries:
        numbers = [int(entry.name) for entry in entries if is_number(entry.name)]
    for number in sorted(numbers, reverse=True):
        if any(os.path.lexists(f"{place.experiment}/{number}/{file}") for file in contents):
            highest = number
            break
    with contextlib.suppress(OSError), os.scandir(place.trash) as entries:
        for entry in entries:  # after the runs: one that is moved between is seen here
            name = entry.name.partition(".")[0]
            if is_number(name):
                highest = max(highest, int(name))
    return highest + 1


def _clear_stale(staging: Path) -> None:
    for path in stale_claims(staging):
        shutil.rmtree(path, ignore_errors=True)


def _is_stale(name: str) -> bool:
    machine, boot, namespace = _origin()
    try:
        its_machine, its_boot, its_namespace, pid, start, _ = name.split("_")
        if its_machine != machine:
            return False
        if its_boot != boot:
            return True
        if its_namespace != namespace:
            return False
        return process_state(int(pid), float(start)) is ProcessState.DEAD
    except ValueError:
        return False


@functools.cache
def _origin() -> tuple[str, str, str]:
    machine = this_machine()
    names = _short(f"{machine.host} {machine.machine_id}"), _short(machine.boot_id)
    return *names, machine.pid_namespace or "0"


@functools.cache
def _staging_prefix(pid: int) -> str:
    """Begins the name of a staged run: who stages it. A forked process has a pid of its own."""
    return "_".join((*_origin(), str(pid), f"{process_start(pid) or 0:.6f}", ""))


def _short(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
