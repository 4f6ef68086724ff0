"""The lock of an attempt: held by the operating system for as long as the process lives.

A POSIX record lock. It is not handed on to forked children, so that a loader's worker that
outlives its trainer holds nothing; and it can be asked for through a read-only descriptor, without
taking it. It has one trap: a process that closes *any* descriptor of the file lets go of its lock.
So a registry says what this process holds, and nothing here opens a file that is in it; should
other code do so, copying the run folder for instance, `renew` takes the lock again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stride.errors import RunBusyError
from stride.files import storage_errors

if sys.platform != "win32":
    import fcntl

_UNSUPPORTED = frozenset(
    {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOTTY}
)
_OWN_FILE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
_FLOCK = "hhqqi" if sys.platform == "linux" else "qqihh"

_SPACE = 32 * 1024
"""Bytes: several times a long run.json."""

_registry: dict[tuple[int, int], tuple[int, int]] = {}
"""(device, inode) of each lock that is held, to the descriptor and the pid that took it."""
_registry_guard = threading.RLock()


class LockState(StrEnum):
    """What the operating system says of a lock."""

    HELD = "held"
    FREE = "free"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class AttemptLock:
    """A lock that this process holds until `release`, or until it ends in whatever way.

    `supported` is False where the file system has no locks: then it stands for nothing.
    """

    key: tuple[int, int]
    descriptor: int
    supported: bool

    def renew(self) -> bool:
        """Take the lock again if other code of this process let go of it; whether it is held."""
        return not self.supported or _take(self.descriptor) is LockState.FREE

    def is_at(self, path: Path) -> bool:
        """Whether the file there is the one that is held: the folder may have been moved away."""
        try:
            status = path.stat()
        except OSError:
            return False
        return self.key == (status.st_dev, status.st_ino)

    def keep_space(self) -> None:
        """Set space of the disk apart, in the file of the lock, so that the end can be written."""
        with contextlib.suppress(OSError):
            if not os.fstat(self.descriptor).st_size:
                os.pwrite(self.descriptor, bytes(_SPACE), 0)

    def give_space(self) -> bool:
        """Give the space back to the disk; whether there was any."""
        with contextlib.suppress(OSError):
            if os.fstat(self.descriptor).st_size:
                os.ftruncate(self.descriptor, 0)
                return True
        return False

    def release(self) -> None:
        """Let go of the lock; once is enough, more do no harm."""
        with _registry_guard:
            if _registry.get(self.key) == (self.descriptor, os.getpid()):
                self.give_space()
                del _registry[self.key]
                os.close(self.descriptor)


def acquire(path: Path) -> AttemptLock:
    """Take the lock, without waiting; the file is made where there is none, and never removed.

    Raises:
        RunBusyError: another process, or this one, holds it.
        FileNotFoundError: the folder of the run is gone.
        StorageError: the file cannot be made.
    """
    with _registry_guard, storage_errors("write", path):
        if _is_held_here(path):
            raise RunBusyError(f"{path.parent} is being trained by this process")
        descriptor = os.open(path, _OWN_FILE, 0o666)
        state = _take(descriptor)
        if state is LockState.HELD:
            _, holder = _ask(descriptor)
            os.close(descriptor)
            raise RunBusyError(f"{path.parent} is being started or moved by {holder}")
        status = os.fstat(descriptor)
        key = (status.st_dev, status.st_ino)
        _registry[key] = (descriptor, os.getpid())
        return AttemptLock(key, descriptor, supported=state is LockState.FREE)


def query(path: Path) -> LockState:
    """Ask whether an attempt holds the lock; takes nothing, writes nothing, works read-only.

    Raises:
        StorageError: the file is there and cannot be opened.
    """
    if sys.platform == "win32":
        return LockState.UNSUPPORTED
    with _registry_guard, storage_errors("read", path):
        try:
            if _is_held_here(path):
                return LockState.HELD
            # Not waiting: a pipe in its place would hold the reader.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return LockState.FREE
        try:
            return _ask(descriptor)[0]
        finally:
            os.close(descriptor)


def _is_held_here(path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    _, pid = _registry.get((status.st_dev, status.st_ino), (-1, -1))
    return pid == os.getpid()  # a forked child inherits the registry, and not the locks


def _take(descriptor: int) -> LockState:
    """Try to take the lock: FREE where that worked."""
    if sys.platform == "win32":
        return LockState.UNSUPPORTED
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return LockState.HELD
        if error.errno in _UNSUPPORTED:
            return LockState.UNSUPPORTED
        raise
    return LockState.FREE


def _ask(descriptor: int) -> tuple[LockState, str]:
    """The state of the lock, and who holds it: `process 123`, or `another process`."""
    other = "another process"
    if sys.platform == "win32":
        return LockState.UNSUPPORTED, other
    if sys.platform == "linux":
        question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    else:
        question = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    try:
        answer = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return LockState.UNSUPPORTED, other
        raise
    kind, pid = (answer[0], answer[4]) if sys.platform == "linux" else (answer[3], answer[2])
    state = LockState.FREE if kind == fcntl.F_UNLCK else LockState.HELD
    return state, f"process {pid}" if pid > 0 else other  # 0: in another container or machine
