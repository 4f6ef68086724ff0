"""On a full disk runs are removed and purged as on any other; a read-only one stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.archive.export import export_runs
from stride.store.archive.importing import import_runs
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed, stopped

ROOT = Path(__file__).parents[2]

FULL = """
import os, sys
from pathlib import Path
from stride.errors import StorageError
from stride.store.archive.export import export_runs
from stride.store.archive.importing import import_runs
from stride.store.doctor.examination import examine, treat
from stride.store.pruning import Keep, prune
from stride.store.purging import purge_entry
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed

folder = Path(sys.argv[1])
experiment = WorkDir(folder / "exp")
for _ in range(3):
    run = completed(experiment)
    for step in (10, 20):
        add_checkpoint(run, step)
untried = experiment.create({})
with (folder / "filler").open("wb", buffering=0) as stream:
    try:
        while stream.write(bytes(1024)):
            pass
    except OSError:
        pass
before = sorted(str(path) for path in folder.rglob("*"))
try:
    export_runs([experiment.run(0)], folder / "a.tar")
    raise AssertionError
except StorageError as error:
    assert str(error).endswith("the disk is full"), error
assert sorted(str(path) for path in folder.rglob("*")) == before
entries = [remove_run(experiment.run(number)) for number in (0, untried.number)]
assert [entry.name for entry in read_trash(experiment)] == ["0", "3"]
assert restore_run(entries[0]).name == "0"
prune(experiment.run(0), Keep(best=False, newest=1))
assert len(experiment.run(0).checkpoint_paths.committed()) == 1
for entry in read_trash(experiment):
    purge_entry(entry)
purge_entry(remove_run(experiment.run(1)))
assert [run.name for run in experiment.runs()] == ["0", "2"]
assert [each for each in examine(experiment, deep=True)] == []
print("survived")
"""

SMALL = """
import sys
from pathlib import Path
from stride.errors import StorageError
from stride.store.archive.importing import import_runs
from stride.store.work_dir import WorkDir
folder, archive = Path(sys.argv[1]), Path(sys.argv[2])
for name in ("new", "there"):
    experiment = WorkDir(folder / name)
    if name == "there":
        experiment.create({})
    before = sorted(str(path) for path in folder.rglob("*"))
    try:
        import_runs(archive, experiment)
        raise AssertionError
    except StorageError as error:
        assert "MB are free on the disk" in str(error), error
    assert sorted(str(path) for path in folder.rglob("*")) == before
print("survived")
"""


def on_a_tiny_disk(folder: Path, size: str, code: str, *arguments: object) -> None:
    """Run a program whose folder is on a small disk of its own."""
    mount = 'mount -t tmpfs -o size="$4" none "$1" && exec "$2" -c "$3" "$1" "$5"'
    command = ["unshare", "-r", "-m", "sh", "-c", mount, "sh", folder, sys.executable, code, size]
    done = subprocess.run(
        [*map(str, command), *map(str, arguments or [""])],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    assert done.stdout == "survived\n", done.stderr


def test_on_a_full_disk_runs_are_removed_restored_pruned_and_purged(tmp_path: Path) -> None:
    on_a_tiny_disk(tmp_path, "512k", FULL)


def test_an_archive_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    source = WorkDir(tmp_path / "source")
    (completed(source).path / "large").write_bytes(bytes(600_000))
    export_runs([source.run(0)], tmp_path / "a.tar.gz")
    (tmp_path / "disk").mkdir()
    on_a_tiny_disk(tmp_path / "disk", "1536k", SMALL, tmp_path / "a.tar.gz")


READ_ONLY = """
import sys
from pathlib import Path
from stride.errors import StorageError
from stride.store.archive.export import export_runs
from stride.store.archive.importing import import_runs
from stride.store.doctor.examination import examine, treat
from stride.store.pruning import Keep, plan_pruning, prune
from stride.store.purging import purge_entry
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
experiment, archive, other = WorkDir(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
try:
    (experiment.path / "probe").touch()
    print("writable")
except OSError:
    pass
(entry,) = read_trash(experiment)
last = Keep(best=False, newest=1)
print(entry.name, len(plan_pruning(experiment.run(0), last).removed))
print([each.kind for each in examine(experiment, deep=True)])
print(len(export_runs([experiment.run(0)], other, checkpoints=True).manifest.runs))
print([each.failure.rpartition(": ")[2] for each in treat(examine(experiment), fix=True)])
for refused in (
    lambda: remove_run(experiment.run(0)),
    lambda: restore_run(entry),
    lambda: purge_entry(entry),
    lambda: prune(experiment.run(0), last),
    lambda: import_runs(archive, experiment),
):
    try:
        refused()
        print("was not refused")
    except StorageError as error:
        print(str(error).partition(" ")[0], str(error).rpartition(": ")[2])
"""


def test_a_read_only_experiment_is_looked_at_packed_and_not_changed(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for run in (completed(experiment), stopped(experiment)):
        for step in (10, 20):
            add_checkpoint(run, step)
    remove_run(completed(experiment))
    experiment.run(1).labels_path.write_bytes(b"{")
    export_runs([completed(WorkDir(tmp_path / "source"))], tmp_path / "a.tar")
    mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && '
    mount += 'exec "$2" -c "$3" "$1" "$4" "$5"'
    arguments = (experiment.path, sys.executable, READ_ONLY, tmp_path / "a.tar", tmp_path / "b.zip")
    done = subprocess.run(
        ["unshare", "-r", "-m", "sh", "-c", mount, "sh", *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"nothing can be mounted read-only here: {done.stderr.strip()}")
    assert done.stdout.splitlines() == [
        "2 1",
        "['torn file']",
        "1",
        "['the file system is read-only']",
        *["cannot the file system is read-only"] * 5,
    ], done.stderr
    assert import_runs(tmp_path / "b.zip", WorkDir(tmp_path / "copy")).runs
