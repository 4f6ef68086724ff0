"""An experiment that cannot be written is read as well as any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.work_dir import WorkDir

READ = """
import sys
from stride.errors import StorageError
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
try:
    (experiment.path / "probe").touch()
    print("writable")
except OSError:
    pass
for run in experiment.runs():
    tags = run.read_labels().tags
    print(run.name, run.read_config()["lr"], run.status().word, run.metrics.read(), tags)
print(experiment.run("latest").name, [run.name for run in experiment.newest(2)])
run = experiment.run(0)
for refused in (
    lambda: experiment.create({}),
    lambda: run.start(),
    lambda: run.save_results({}),
    lambda: run.write_labels(note="x"),
):
    try:
        refused()
    except StorageError as error:
        print(str(error).partition(" ")[0], str(error).rpartition(": ")[2])
"""
HOLD = """
import sys
from stride.store.run import Run
attempt = Run(sys.argv[1]).start()
print("started", flush=True)
sys.stdin.readline()
"""


def read_only(folder: Path) -> str:
    """What a reader sees who has the folder mounted read-only."""
    mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-r", "-m", "sh", "-c", mount, "sh", str(folder), sys.executable, READ],
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"nothing can be mounted read-only here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_read_only_experiment_tells_all_and_refuses_writes_in_one_sentence(
    tmp_path: Path,
) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({"lr": 0.1})
    run = experiment.create({"lr": 0.2})
    run.write_labels(add_tags=("good",))
    with run.start():
        run.metrics.append({"loss": 0.5})
    trained = experiment.create({"lr": 0.3})
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(trained.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    seen = read_only(experiment.path).splitlines()
    assert seen[:4] == [
        "0 0.1 created [] ()",
        "1 0.2 completed [{'loss': 0.5}] ('good',)",
        "2 0.3 running [] ()",
        "2 ['2', '1']",
    ]
    assert seen[4:] == ["cannot the file system is read-only"] * 4
    holder.kill()
    holder.communicate()
    assert read_only(experiment.path).splitlines()[2] == "2 0.3 crashed [] ()"
