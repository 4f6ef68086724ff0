"""Many processes at once: each gets a run of its own, and every reader sees whole runs only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stride.store.run import Run
from stride.store.work_dir import WorkDir

CREATE = """
import sys
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    print(experiment.create({"by": int(sys.argv[3])}).name)
"""
REMOVE = """
import os, sys
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
experiment.trash_path.mkdir()
print("begun", flush=True)
while not (experiment.path / "enough").exists():
    experiment.next_number_path.unlink(missing_ok=True)
    for name in filter(str.isdigit, os.listdir(experiment.path)):
        try:
            os.rename(experiment.path / name, experiment.trash_path / name)
        except OSError:  # one that was just made, of a number that lies there, is taken back
            pass
"""
CREATE_ONE_NAME = """
import sys
from stride.errors import RunExistsError
from stride.store.work_dir import WorkDir
sys.stdin.readline()
try:
    WorkDir(sys.argv[1]).create({"by": sys.argv[2]}, name="only")
    print("made")
except RunExistsError:
    print("exists")
"""
FIRST = """
import os, resource, sys
from stride.errors import RunExistsError, StorageError
from stride.store.work_dir import WorkDir

def begin(kind, experiment):
    if kind == "full disk":
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        if kind == "init":
            experiment.initialize()
        else:
            experiment.create({"text": "x" * 500}, name="only" if kind == "name" else None)
        return 0
    except (StorageError, RunExistsError) as error:
        return {"full disk": StorageError, "name": RunExistsError}.get(kind) is type(error)

kinds = ["full disk", "name", "init", "number", "number"] * 2
for round in range(15):
    experiment = WorkDir(f"{sys.argv[1]}/{round}/new/exp")
    wait, go = os.pipe()
    children = []
    for kind in kinds:
        if (child := os.fork()) == 0:
            try:
                os.close(go)
                os.read(wait, 1)
                os._exit(begin(kind, experiment))
            finally:
                os._exit(70)
        children.append(child)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    by_kind = sorted(zip(kinds, codes))
    assert [code for kind, code in by_kind if kind == "full disk"] == [1, 1], by_kind
    assert [code for kind, code in by_kind if kind == "name"] == [0, 1], by_kind
    assert not any(code for kind, code in by_kind if kind in ("init", "number")), by_kind
    assert [run.name for run in experiment.runs()] == ["0", "1", "2", "3", "only"]
    os.close(wait)
print("done")
"""
FAIL_OR_CREATE = """
import resource, sys
from stride.errors import StorageError
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
failing = sys.argv[2] == "fails"
if failing:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
sys.stdin.readline()
for _ in range(10):
    try:
        print(experiment.create({"text": "x" * 2000}).name)
    except StorageError:
        if not failing:
            raise
"""


def begin(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let all go together; give what each printed."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), answers
    return [out for out, _ in answers]


def test_sixteen_processes_make_four_hundred_distinct_consecutive_runs(tmp_path: Path) -> None:
    processes = [begin(CREATE, str(tmp_path / "exp"), "25", str(number)) for number in range(16)]
    answers = finish(processes)
    given = {int(name): by for by, text in enumerate(answers) for name in text.split()}
    assert sorted(given) == list(range(400))
    experiment = WorkDir(tmp_path / "exp")
    assert [run.number for run in experiment.runs()] == list(range(400))
    assert {run.number: run.read_config()["by"] for run in experiment.runs()} == given
    assert len({run.read_record().id for run in experiment.runs()}) == 400
    assert list(experiment.staging_path.iterdir()) == []


def test_a_reader_in_the_storm_sees_whole_runs_only(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    processes = [begin(CREATE, str(experiment.path), "25", str(number)) for number in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    seen = 0
    while any(process.poll() is None for process in processes):
        for run in experiment.newest(20):
            assert run.read_config()["format"] == 1
            assert run.read_record().status == "created"
            seen += 1
    assert [process.communicate()[1] for process in processes] == [""] * 4
    assert seen > 0
    assert len(list(experiment.runs())) == 100


def test_a_number_is_not_given_again_while_others_move_runs_to_the_trash(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    remover = begin(REMOVE, str(experiment.path))
    assert remover.stdout is not None and remover.stdout.readline() == "begun\n"
    answers = finish([begin(CREATE, str(experiment.path), "25", str(by)) for by in range(8)])
    (experiment.path / "enough").touch()
    assert remover.communicate()[1] == "" and remover.returncode == 0
    given = {int(name): by for by, text in enumerate(answers) for name in text.split()}
    assert sorted(given) == list(range(200)), "each number once"
    removed = [Run(path) for path in experiment.trash_path.iterdir()]
    runs = [*experiment.runs(), *removed]
    assert {run.number: run.read_config()["by"] for run in runs} == given
    assert len(runs) == 200 and len(removed) > 20


def test_of_many_that_want_one_name_one_gets_it(tmp_path: Path) -> None:
    processes = [begin(CREATE_ONE_NAME, str(tmp_path / "exp"), str(n)) for n in range(12)]
    answers = [answer.strip() for answer in finish(processes)]
    assert sorted(answers) == ["exists"] * 11 + ["made"]
    (run,) = WorkDir(tmp_path / "exp").runs()
    assert run.read_config()["by"] == str(answers.index("made"))


def test_creations_that_fail_take_nothing_from_those_that_work(tmp_path: Path) -> None:
    kinds = ["fails", "works"] * 4
    processes = [begin(FAIL_OR_CREATE, str(tmp_path / "exp"), kind) for kind in kinds]
    made = sorted(int(name) for answer in finish(processes) for name in answer.split())
    experiment = WorkDir(tmp_path / "exp")
    assert made == list(range(40)) == [run.number for run in experiment.runs()]
    assert experiment.read_config() == {"format": 1}


def test_first_creations_at_once_found_one_experiment_whatever_fails(tmp_path: Path) -> None:
    process = begin(FIRST, str(tmp_path))
    assert process.communicate() == ("done\n", "")
