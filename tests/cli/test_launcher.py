"""The launcher, with real processes that fail, hang, ignore signals and are killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stride.cli.launcher import Ending, Launcher

RANK = """
import json, os, signal, subprocess, sys
from stride.training.ranks.launcher_line import find_line

rank, line = os.environ.get("RANK", "0"), find_line()
got = []

def stop(number, frame):
    got.append(signal.Signals(number).name)

def wait_for_signal(*numbers):
    for number in numbers:
        signal.signal(number, stop)
    tell()
    while not got:
        signal.pause()

def tell(*more):
    with open("told", "a") as stream:
        stream.write(json.dumps([rank, os.getpid(), *more]) + "\\n")

def hang():
    tell()
    signal.pause()
    hang()

CODE
"""
LAUNCH = """
import os, sys
from stride.cli.launcher import Launcher
ending = Launcher(
    [sys.executable, "rank.py"], int(sys.argv[1]), environment=dict(os.environ), note=print
).run()
print(ending.code, flush=True)
"""
STOP_AND_SAY_SO = """
wait_for_signal(signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
print(f"rank {rank} got {got}")
sys.exit(130 if got[0] == "SIGINT" else 75)
"""
Launch = Callable[..., Ending]


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: list[str]) -> Launch:
    """Runs a piece of Python in each of some ranks."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("told")

    def run(code: str, count: int = 2, *, grace: float = 20.0) -> Ending:
        Path("rank.py").write_text(RANK.replace("CODE", code))
        command = [sys.executable, "rank.py"]
        told = os.open("told", os.O_RDWR)  # so that nobody waits to open it
        try:
            return Launcher(
                command, count, environment=dict(os.environ), grace=grace, note=notes.append
            ).run()
        finally:
            os.close(told)

    return run


class Launched:
    """A launcher that runs as a process, with its ranks at work."""

    def __init__(self, folder: Path, code: str, count: int) -> None:
        (folder / "rank.py").write_text(RANK.replace("CODE", code))
        os.mkfifo(folder / "told")
        self._told = os.fdopen(os.open(folder / "told", os.O_RDWR), "r+b", buffering=0)
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(count)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.ranks: list[psutil.Process] = []
        for _ in range(count):
            number = self.hear()[1]
            with contextlib.suppress(psutil.NoSuchProcess):  # it may be over with that
                self.ranks.append(psutil.Process(number))

    def hear(self) -> list[Any]:
        """The next that a rank tells."""
        return json.loads(self._told.readline())

    def end(self, number: int) -> str:
        """Send a signal to the launcher, wait for its end, and give what was printed."""
        self.process.send_signal(number)
        return self.process.communicate()[0]

    def close(self) -> None:
        """Leave nothing."""
        self._told.close()
        with self.process:
            self.process.kill()


Launching = Callable[..., Launched]


@pytest.fixture
def launching(tmp_path: Path) -> Iterator[Launching]:
    """Starts a launcher as a process, and waits until its ranks are at work."""
    with contextlib.ExitStack() as stack:

        def start(code: str, count: int = 2) -> Launched:
            launched = Launched(tmp_path, code, count)
            stack.callback(launched.close)
            return launched

        yield start


def test_each_rank_knows_its_place_and_only_the_first_is_seen(
    launch: Launch, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR")
    ending = launch(f"print([os.environ[name] for name in {names}]); sys.stderr.write('e\\n')", 3)
    assert ending == Ending(0)
    out, err = capfd.readouterr()
    assert out == "['0', '0', '3', '3', '127.0.0.1']\n"
    assert err == "e\n"


def test_the_first_rank_listens_at_the_port_where_they_meet(launch: Launch) -> None:
    code = """
import socket
port = int(os.environ["MASTER_PORT"])
listening = socket.create_server(("127.0.0.1", port)) if rank == "0" else None
if rank == "1":
    nobody_else = socket.socket()
    nobody_else.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    nobody_else.bind(("127.0.0.1", 0))
    assert nobody_else.getsockname()[1] != port
"""
    assert launch(code) == Ending(0)


def test_a_single_process_is_no_rank_and_says_which_run_it_trains(launch: Launch) -> None:
    code = "assert 'RANK' not in os.environ; line.tell_run('exp/3'); line.tell_run('exp/4')"
    assert launch(code, 1) == Ending(0, run="exp/4")


def test_what_a_rank_starts_is_handed_nothing_of_the_launcher(launch: Launch) -> None:
    code = """
assert "STRIDE_LAUNCHER" not in os.environ
inherited = [each for each in range(3, 100) if os.path.exists(f"/dev/fd/{each}")]
assert not any(os.get_inheritable(each) for each in inherited), inherited
"""
    assert launch(code) == Ending(0)


def test_a_rank_that_fails_names_the_end_and_the_others_hear_of_it(
    launch: Launch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = """
if rank == "1":
    print("a word before")
    sys.exit("it is broken")
print(line.failure(60.0))
sys.exit(1)
"""
    ending = launch(code)
    assert (ending.code, ending.failed) == (1, 1)
    assert ending.sentence == "rank 1 ended with exit code 1"
    assert ending.printed == ("[rank 1] a word before", "[rank 1] it is broken")
    assert capfd.readouterr().out == "rank 1 ended with exit code 1\n"


def test_a_rank_that_is_killed_is_told_to_the_others(
    launch: Launch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = """
if rank == "2":
    os.kill(os.getpid(), signal.SIGKILL)
print(line.failure(60.0))
sys.exit(1)
"""
    ending = launch(code, 3)
    assert (ending.code, ending.sentence) == (137, "rank 2 was killed by SIGKILL")
    assert capfd.readouterr().out == "rank 2 was killed by SIGKILL\n"


def test_a_rank_that_does_not_end_after_a_failure_is_killed(
    launch: Launch, notes: list[str]
) -> None:
    code = """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
hang() if rank != "1" else sys.exit(5)
"""
    ending = launch(code, 3, grace=0.2)
    assert (ending.code, ending.failed) == (5, 1)
    assert sorted(notes) == [f"rank {rank} has not ended, and is killed" for rank in (0, 2)]


def test_what_the_first_rank_finds_wrong_ends_the_others_at_once(launch: Launch) -> None:
    code = "hang() if rank != '0' else sys.exit(2)"
    assert launch(code, grace=10_000.0).code == 2


def test_what_a_failing_rank_has_started_ends_with_it(launch: Launch, tmp_path: Path) -> None:
    code = """
if rank == "1":
    inner = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    open("inner", "w").write(str(inner.pid))
    os._exit(1)
line.failure(60.0)
"""
    assert launch(code).code == 1
    inner = int((tmp_path / "inner").read_text())
    if psutil.pid_exists(inner):
        assert psutil.Process(inner).wait(60) is None


def test_much_that_a_quiet_rank_prints_blocks_nobody_and_its_end_is_kept(launch: Launch) -> None:
    code = """
if rank == "1":
    for number in range(100_000):
        print("line", number)
    sys.exit(1)
"""
    printed = launch(code).printed
    assert printed[-1] == "[rank 1] line 99999"
    assert len(printed) < 5000


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)],
)
def test_a_signal_reaches_every_rank(launching: Launching, number: int, code: int) -> None:
    launched = launching(STOP_AND_SAY_SO, 3)
    said = launched.end(number)
    assert said == f"rank 0 got ['{signal.Signals(number).name}']\n{code}\n"
    assert not any(rank.is_running() for rank in launched.ranks)


def test_ranks_that_a_signal_ends_before_they_listen_to_it_are_stopped(
    launching: Launching,
) -> None:
    code = "signal.signal(signal.SIGTERM, signal.SIG_DFL); hang()"
    assert launching(code).end(signal.SIGTERM) == "75\n"


def test_the_third_ctrl_c_ends_ranks_that_do_not_stop(launching: Launching) -> None:
    code = "signal.signal(signal.SIGINT, lambda *_: tell('again')); hang()"
    launched = launching(code, 1)
    for _ in range(2):  # each is waited for: two that arrive together are one
        launched.process.send_signal(signal.SIGINT)
        while launched.hear()[2:] != ["again"]:
            pass
    assert launched.end(signal.SIGINT) == "rank 0 has not ended, and is killed\n130\n"
    assert not launched.ranks[0].is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ranks read the end of their line")
def test_a_launcher_that_is_killed_leaves_no_rank(launching: Launching) -> None:
    launched = launching("signal.signal(signal.SIGTERM, signal.SIG_IGN); hang()", 3)
    launched.end(signal.SIGKILL)
    gone, alive = psutil.wait_procs(launched.ranks, timeout=60)
    assert (len(gone), alive) == (3, [])


def test_a_rank_reads_the_end_of_its_launcher(launching: Launching) -> None:
    code = """
import ctypes
ctypes.CDLL(None).prctl(1, 0)  # as on a system where ranks do not die with their launcher
tell()
tell(line.failure(60.0))
"""
    launched = launching(code, 1)
    launched.end(signal.SIGKILL)
    assert launched.hear()[2] == "the launcher of the ranks has ended"


def test_a_signal_that_is_ignored_stays_so(launching: Launching) -> None:
    code = "assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN; tell()"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        launched = launching(code)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert launched.process.communicate()[0] == "0\n"


def test_a_command_that_is_not_there_leaves_nothing(launch: Launch, notes: list[str]) -> None:
    with pytest.raises(FileNotFoundError):
        Launcher(["/no/such/program"], 2, environment={}, note=notes.append).run()
    assert notes == []
