"""Several processes at once remove, restore, start, label and import: each run is in one place."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from stride.store.archive.export import export_runs
from stride.store.run import Run
from stride.store.trash import read_trash, restore_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import completed

BEGIN = """
import sys
from stride.errors import StrideError, StoredFileError
from stride.store.run import Run
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()

def attempt(work):
    try:
        return work() or "done"
    except StrideError as error:
        assert "\\n" not in str(error)
        return type(error).__name__
"""
REMOVE = """
for number in range(20):
    print(number, attempt(lambda: remove_run(experiment.run(number)) and None))
"""
RESTORE = """
for entry in read_trash(experiment):
    print(entry.name, attempt(lambda: restore_run(entry) and None))
"""
TRAIN = """
def train(number):
    run = Run(experiment.path / str(number))
    with run.start() as attempt:
        attempt.sign(step=1, promise=1000.0)
        record = run.read_record()  # it is where it was, and ours
        assert record.attempts[-1].pid == attempt.record.attempts[-1].pid
        run.metrics.append({"step": 1})
        attempt.write()
        assert run.read_record().progress.step == 1
for number in range(20):
    print(number, attempt(lambda: train(number)))
"""
LABEL = """
def label(number):
    Run(experiment.path / str(number)).write_labels(add_tags=("seen",))
for number in range(20):
    print(number, attempt(lambda: label(number)))
"""
IMPORT = """
from pathlib import Path
from stride.store.archive.importing import import_runs
archive = Path(sys.argv[1]).parent / "runs.tar"
print(0, attempt(lambda: import_runs(archive, experiment) and None))
"""
CREATE = """
for number in range(20):
    print(experiment.create({}).name, "done")
"""


def at_once(experiment: WorkDir, *programs: str) -> list[list[tuple[str, str]]]:
    """Run programs that begin at the same moment; what each said of each run."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN + program, str(experiment.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for program in programs
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = []
    for process in processes:
        out, err = process.communicate()
        assert process.returncode == 0, err
        said.append([(line.split()[0], line.split()[1]) for line in out.splitlines()])
    return said


def made(folder: Path) -> WorkDir:
    experiment = WorkDir(folder / "exp")
    for _ in range(20):
        experiment.create({})
    return experiment


def ids(experiment: WorkDir) -> list[str]:
    """The ids of all runs, wherever they are, each as often as it is there."""
    here = [run.read_record().id for run in experiment.runs()]
    return sorted(here + [entry.id or "" for entry in read_trash(experiment)])


def test_a_run_is_removed_once(tmp_path: Path) -> None:
    experiment = made(tmp_path)
    before = ids(experiment)
    said = at_once(experiment, REMOVE, REMOVE, REMOVE)
    words = Counter(word for one in said for _, word in one)
    assert words["done"] == 20
    assert set(words) <= {"done", "RunNotFoundError", "RunBusyError"}
    assert ids(experiment) == before
    assert len(read_trash(experiment)) == 20


def test_a_run_is_restored_once(tmp_path: Path) -> None:
    experiment = made(tmp_path)
    before = ids(experiment)
    at_once(experiment, REMOVE)
    said = at_once(experiment, RESTORE, RESTORE, RESTORE)
    words = Counter(word for one in said for _, word in one)
    assert words["done"] == 20
    assert set(words) <= {"done", "RunNotFoundError", "RunExistsError"}
    assert ids(experiment) == before
    assert read_trash(experiment) == []


def test_no_training_begins_in_a_run_that_is_being_removed(tmp_path: Path) -> None:
    experiment = made(tmp_path)
    before = ids(experiment)
    trained, removed = at_once(experiment, TRAIN, REMOVE)
    assert ids(experiment) == before
    assert {word for _, word in removed} <= {"done", "RunBusyError"}
    assert {word for _, word in trained} <= {"done", "RunNotFoundError", "RunBusyError",
                                             "StoredFileError"}  # fmt: skip
    there = {name for name, word in removed if word == "done"}
    for entry in read_trash(experiment):
        restore_run(entry)
    for name, word in trained:
        record = experiment.run(name).read_record()
        assert (record.status == "completed") == (word == "done"), (name, word, name in there)


def test_labels_make_no_folder_where_a_run_was(tmp_path: Path) -> None:
    experiment = made(tmp_path)
    before = ids(experiment)
    labelled, removed = at_once(experiment, LABEL, REMOVE)
    assert {word for _, word in removed} == {"done"}
    assert {word for _, word in labelled} <= {"done", "RunNotFoundError", "StorageError"}
    assert [path for path in experiment.path.iterdir() if path.name.isdigit()] == []
    assert ids(experiment) == before
    tags = {entry.name: Run(entry.folder).read_labels().tags for entry in read_trash(experiment)}
    assert all(tags[name] == ("seen",) for name, word in labelled if word == "done")


def test_runs_are_removed_while_others_are_made(tmp_path: Path) -> None:
    experiment = made(tmp_path)
    one, two, _, _ = at_once(experiment, CREATE, CREATE, REMOVE, REMOVE)
    numbers = sorted(int(name) for name, _ in one + two)
    assert numbers == list(range(20, 60))
    assert len(set(ids(experiment))) == 60


def test_an_archive_is_taken_once(tmp_path: Path) -> None:
    source = WorkDir(tmp_path / "source")
    for _ in range(3):
        completed(source)
    export_runs([*source.runs()], tmp_path / "runs.tar")
    experiment = WorkDir(tmp_path / "exp")
    said = at_once(experiment, IMPORT, IMPORT, IMPORT)
    assert sorted(word for one in said for _, word in one) == [
        "RunExistsError",
        "RunExistsError",
        "done",
    ]
    assert ids(experiment) == ids(source)
    assert [path for path in experiment.staging_path.iterdir() if path.is_dir()] == []
