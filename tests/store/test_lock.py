"""The lock of an attempt lives as long as its process, and asking for it disturbs nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stride.errors import RunBusyError, StorageError
from stride.store.lock import LockState, acquire, query

HOLD = """
import sys
from pathlib import Path
from stride.store.lock import acquire
lock = acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def ask_elsewhere(path: Path) -> str:
    code = (
        "import sys; from pathlib import Path; from stride.store.lock import query;"
        "print(query(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_lock_that_nobody_took_is_free_and_asking_makes_no_file(tmp_path: Path) -> None:
    assert query(tmp_path / "lock") is LockState.FREE
    assert list(tmp_path.iterdir()) == []


def test_a_held_lock_is_seen_by_others_and_by_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquire(path)
    assert lock.supported
    assert query(path) is LockState.HELD
    assert ask_elsewhere(path) == "held"
    lock.release()
    lock.release()
    assert query(path) is LockState.FREE
    assert ask_elsewhere(path) == "free"


def test_only_one_process_holds_it_and_death_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        with pytest.raises(RunBusyError, match="is being started or moved by process"):
            acquire(path)
        process.kill()
        process.wait()
        acquire(path).release()


def test_one_process_takes_it_once(tmp_path: Path) -> None:
    lock = acquire(tmp_path / "lock")
    with pytest.raises(RunBusyError, match="this process"):
        acquire(tmp_path / "lock")
    assert ask_elsewhere(tmp_path / "lock") == "held"  # the refused try did not let go of it
    lock.release()
    acquire(tmp_path / "lock").release()


def test_asking_a_hundred_times_frees_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path):
        assert {query(path) for _ in range(100)} == {LockState.HELD}
        with pytest.raises(RunBusyError):
            acquire(path)


def test_a_forked_child_holds_nothing_and_frees_nothing(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from stride.store.lock import acquire, query
path = Path(sys.argv[1])
lock = acquire(path)
if (child := os.fork()) == 0:
    state = query(path)  # of the parent, asked by its child
    lock.release()
    print("child sees it", state, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("held", flush=True)
sys.stdin.readline()
"""
    path = tmp_path / "lock"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "child sees it held\n"
        assert process.stdout.readline() == "held\n"
        assert query(path) is LockState.HELD
        process.kill()


def test_a_lock_that_other_code_let_go_of_is_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquire(path)
    path.read_bytes()  # as when the run folder is copied: closing any descriptor frees the lock
    assert ask_elsewhere(path) == "free"
    assert lock.renew()
    assert ask_elsewhere(path) == "held"
    path.read_bytes()
    with holder(path):
        assert not lock.renew()
    lock.release()


def test_a_lock_file_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot write"):
        acquire(tmp_path / "file" / "lock")
    with pytest.raises(StorageError, match="cannot read"):
        query(tmp_path / "file" / "lock")


def test_the_registry_forgets_what_is_released(tmp_path: Path) -> None:
    before = len([*Path("/dev/fd").iterdir()])
    for _ in range(20):
        acquire(tmp_path / "lock").release()
    assert len([*Path("/dev/fd").iterdir()]) == before
