"""A training that was killed is shown as crashed at the next look, whoever looks, however often."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.liveness import Life
from stride.store.run import Run
from stride.store.work_dir import WorkDir

TRAIN = """
import os, sys
from stride.store.run import Run
promise = float(sys.argv[2])
with Run(sys.argv[1]).start(promise=promise - 1) as attempt:
    attempt.sign(step=42, promise=promise)
    worker = os.fork()
    if worker == 0:  # as a loader's worker that outlives its trainer: it has all that is open
        sys.stdin.readline()
        os._exit(0)
    print(worker, flush=True)
    sys.stdin.readline()
"""
LOOK = """
import sys
from stride.store.run import Run
run = Run(sys.argv[1])
sys.stdin.readline()
print({run.status().text for _ in range(50)})
"""
CRASHED = "crashed (killed from outside; last sign at step 42)"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({"lr": 0.1})


def begin(code: str, run: Run, promise: float = 900.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(run.path), str(promise)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def train(run: Run, promise: float = 900.0) -> tuple[subprocess.Popen[str], int]:
    """A training, and the pid of its worker."""
    process = begin(TRAIN, run, promise)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def end(process: subprocess.Popen[str], worker: int) -> None:
    os.kill(worker, signal.SIGKILL)
    process.communicate()


def test_a_worker_that_outlives_its_trainer_is_no_life(run: Run) -> None:
    process, worker = train(run)
    assert run.status().life is Life.ALIVE
    kill(process)
    os.kill(worker, 0)  # it is there, with every descriptor of its trainer
    assert run.status().text == CRASHED
    with run.start() as attempt:
        assert attempt.number == 2
    end(process, worker)


def test_a_trainer_that_nobody_waited_for_is_dead_as_well(run: Run) -> None:
    process, worker = train(run)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert run.status().text == CRASHED
    end(process, worker)


def test_two_readers_at_once_never_mislead_each_other(run: Run) -> None:
    process, worker = train(run)
    for expected in ("{'running'}\n", f"{{'{CRASHED}'}}\n"):
        readers = [begin(LOOK, run) for _ in range(2)]
        for reader in readers:
            assert reader.stdin is not None
            reader.stdin.write("look\n")
            reader.stdin.flush()
        assert [reader.communicate()[0] for reader in readers] == [expected] * 2
        if expected == "{'running'}\n":
            kill(process)
    end(process, worker)


def test_looking_writes_nothing(run: Run) -> None:
    process, worker = train(run)

    def stamps() -> dict[str, int]:
        paths = [run.path, *run.path.rglob("*")]
        return {str(path): path.stat().st_mtime_ns for path in paths}

    before = stamps()
    assert run.status().life is Life.ALIVE
    kill(process)
    assert run.status().life is Life.CRASHED
    assert stamps() == before
    end(process, worker)


def test_a_copy_of_a_killed_training_is_crashed_too(run: Run, tmp_path: Path) -> None:
    process, worker = train(run)
    kill(process)
    shutil.copytree(run.work_dir, tmp_path / "copy")
    assert WorkDir(tmp_path / "copy").run(0).status().text == CRASHED
    end(process, worker)


def test_a_trainer_that_is_stopped_by_a_signal_still_has_the_run(run: Run) -> None:
    process, worker = train(run)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    assert run.status().life is Life.ALIVE
    kill(process)
    end(process, worker)


def test_a_training_that_gives_no_sign_in_time_is_stalled(run: Run) -> None:
    process, worker = train(run, promise=0.0)
    assert run.status().life is Life.STALLED
    assert run.status().text.startswith("stalled (no sign of life for 0 s, last sign at step 42")
    kill(process)
    end(process, worker)


def test_a_container_that_ended_is_crashed_when_its_sign_is_overdue(run: Run) -> None:
    isolated = ["unshare", "-r", "-p", "-f", "--kill-child", sys.executable, "-c", TRAIN]
    process = subprocess.Popen(
        [*isolated, str(run.path), "0.0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        pytest.skip(f"no pid namespace can be made here: {process.communicate()[1].strip()}")
    assert run.status().life is Life.STALLED  # its lock is seen from outside
    kill(process)
    process.communicate()
    assert run.status().text == CRASHED
