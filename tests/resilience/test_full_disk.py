"""A disk that is full costs one sentence: nothing is left half, nothing older is lost."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stride.errors import StorageError
from stride.store.record import Status
from stride.store.work_dir import WorkDir

BIG = {"text": "x" * 5000}


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_creation_that_fails_leaves_no_run_and_no_experiment(tmp_path: Path) -> None:
    for size in (0, 10, 2000):
        with no_file_larger_than(size), pytest.raises(StorageError, match=r"cannot .*exp"):
            WorkDir(tmp_path / "new" / "exp").create(BIG)
        assert names(tmp_path) == []


def test_a_creation_that_fails_in_an_experiment_changes_nothing(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({})
    before = names(tmp_path)
    for name in (None, "named"):
        with no_file_larger_than(2000), pytest.raises(StorageError) as caught:
            experiment.create(BIG, name=name)
        assert "\n" not in str(caught.value)
    assert names(tmp_path) == before
    assert experiment.create(BIG).number == 1


def test_an_empty_folder_that_was_there_stays_and_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    with no_file_larger_than(2000), pytest.raises(StorageError):
        WorkDir(tmp_path / "exp").create(BIG)
    assert names(tmp_path) == ["exp"]


def test_a_start_that_fails_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({}, overrides=("x" * 3000,))
    with no_file_larger_than(2000), pytest.raises(StorageError, match=r"cannot write .*run\.json"):
        run.start()
    assert run.read_record().status is Status.CREATED
    with run.start():  # the lock is free again
        pass
    assert run.status().text == "completed"


def test_a_training_goes_on_and_only_its_end_says_that_the_disk_is_full(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({}, overrides=("x" * 3000,))
    attempt = run.start()
    with no_file_larger_than(2000):
        for step in range(5):
            attempt.sign(step=step, promise=1000.0 + step)
            run.metrics.append({"step": step, "text": "x" * 3000})
        with pytest.raises(StorageError, match=r"cannot write .*run\.json"):
            attempt.complete()
    assert run.status().text == "running"
    assert [path for path in names(tmp_path) if ".tmp" in path] == []
    attempt.complete()  # there is space again
    assert run.read_record().status is Status.COMPLETED
    assert [row["step"] for row in run.metrics.read()] == [0, 1, 2, 3, 4]


TINY = """
import sys
from pathlib import Path
from stride.errors import StorageError
from stride.store.work_dir import WorkDir
experiment = WorkDir(Path(sys.argv[1]) / "exp")
made = 0
try:
    while True:
        experiment.create({"text": "x" * 5000})
        made += 1
except StorageError as error:
    assert str(error).endswith("the disk is full"), error
runs = list(experiment.runs())
assert [run.number for run in runs] == list(range(made)), (made, runs)
assert made > 3 and all(run.read_record() and run.read_config() for run in runs)
assert list(experiment.staging_path.iterdir()) == []
try:
    WorkDir(Path(sys.argv[1]) / "other").create({"text": "x" * 200_000})
except StorageError:
    pass
assert not (Path(sys.argv[1]) / "other").exists()
(runs[0].record_path).unlink()
(runs[0].config_path).unlink()
assert experiment.create({}).number == made
print("survived")
"""


FULL_AT_THE_END = """
import sys
from pathlib import Path
from stride.store.work_dir import WorkDir

def fill(path):
    with path.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(1024)):
                pass
        except OSError:
            pass

run = WorkDir(Path(sys.argv[1]) / "exp").create({"text": "x" * 5000})
attempt = run.start()
fill(run.work_dir / "filler")
try:
    with attempt:
        attempt.sign(step=7, promise=1e4)
        run.metrics.append({"loss": 0.5})
        raise MemoryError("no space for the weights")
except MemoryError:
    pass
assert run.status().text == "failed (MemoryError: no space for the weights)", run.status()
assert run.read_record().attempts[-1].last_step == 7
assert run.lock_path.stat().st_size == 0
print("survived")
"""


def test_a_full_disk_still_takes_the_word_of_how_it_ended(tmp_path: Path) -> None:
    on_a_tiny_disk(tmp_path, FULL_AT_THE_END)


def test_a_tiny_disk_fills_up_and_what_is_on_it_stays_whole(tmp_path: Path) -> None:
    on_a_tiny_disk(tmp_path, TINY)


def on_a_tiny_disk(folder: Path, code: str) -> None:
    """Run a program whose folder is on a disk of 256 kB."""
    mount = 'mount -t tmpfs -o size=256k none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-r", "-m", "sh", "-c", mount, "sh", str(folder), sys.executable, code],
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    assert done.stdout == "survived\n", done.stderr
