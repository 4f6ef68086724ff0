"""An attempt writes run.json from its start to its end, and leaves the truth however it ends."""

from __future__ import annotations

import json
import logging
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stride.errors import RunBusyError, RunStateError, StoppedError, StorageError
from stride.store.liveness import Life
from stride.store.record import BestRecord, Progress, Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir

HOLD = """
import sys
from stride.store.run import Run
with Run(sys.argv[1]).start() as attempt:
    attempt.sign(step=5, promise=900.0)
    print("started", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({"lr": 0.1})


def started(run: Run) -> subprocess.Popen[str]:
    """Another process that trains the run until a line comes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def test_a_run_is_running_inside_the_block_and_completed_after_it(run: Run) -> None:
    with run.start(overrides=("lr=0.2",), launcher="torchrun", world_size=4, nodes=2) as attempt:
        assert run.read_record() == attempt.record
        assert run.status().life is Life.ALIVE
    record = run.read_record()
    assert run.status().text == "completed"
    assert record.attempt is not None
    assert record.attempt.ended is not None
    assert (record.attempt.number, record.attempt.outcome) == (1, "completed")
    assert record.attempt.launcher == "torchrun"
    assert (record.attempt.world_size, record.attempt.nodes) == (4, 2)
    assert record.attempt.overrides == ("lr=0.2",)


def test_an_error_fails_the_run_with_its_type_message_and_place(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), run.start():
        _ = 1 // 0
    record = run.read_record()
    assert record.status is Status.FAILED
    assert record.error is not None
    assert (record.error.type, record.error.message[:16]) == (
        "ZeroDivisionError",
        "integer division",
    )
    assert "test_attempt.py" in (record.error.where or "")
    assert run.status().text.startswith("failed (ZeroDivisionError: integer")


def test_an_error_with_an_odd_or_endless_message_is_kept_as_far_as_can_be(run: Run) -> None:
    with pytest.raises(ValueError, match="odd"), run.start():
        raise ValueError("odd \ud800 " + "x" * 1_000_000)
    error = run.read_record().error
    assert error is not None
    assert error.message.startswith("odd ? xxx")
    assert len(error.message) == 10_000


def test_an_error_without_words_fails_the_run_too(run: Run) -> None:
    class WordlessError(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    for error, text in (
        (WordlessError(), "failed (WordlessError: its message cannot be read)"),
        (MemoryError(), "failed (MemoryError)"),
    ):
        with pytest.raises(type(error)), run.start():
            raise error
        assert run.status().text == text


def test_a_run_that_is_removed_while_it_trains_is_one_sentence_at_its_end(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = run.start()
    shutil.rmtree(run.path)
    attempt.sign(step=1, promise=1000.0)
    run.metrics.append({"loss": 0.5})
    with pytest.raises(StorageError, match=r"cannot write .*run\.json: its folder is gone"):
        attempt.complete()
    assert len(caplog.messages) == 2 and not run.path.exists()


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (KeyboardInterrupt(), Status.STOPPED, "interrupted"),
        (StoppedError("asked by stride stop"), Status.STOPPED, "asked by stride stop"),
        (SystemExit(0), Status.STOPPED, "the program ended itself"),
        (SystemExit(3), Status.FAILED, None),
    ],
)
def test_a_stop_is_no_failure(
    run: Run, error: BaseException, status: Status, reason: str | None
) -> None:
    with pytest.raises(type(error)), run.start():
        raise error
    record = run.read_record()
    assert (record.status, record.reason) == (status, reason)


def test_an_outcome_that_was_chosen_stands(run: Run) -> None:
    with run.start() as attempt:
        attempt.complete("early stopping")
        attempt.sign(step=9)
        attempt.fail(ValueError("too late"))
    record = run.read_record()
    assert (record.status, record.reason, record.error) == ("completed", "early stopping", None)


def test_a_completed_run_is_closed(run: Run) -> None:
    with run.start():
        pass
    with pytest.raises(RunStateError, match="is completed, and so closed"):
        run.start()
    assert run.status().text == "completed"


def test_a_stopped_run_can_be_tried_again(run: Run) -> None:
    with run.start() as attempt:
        attempt.stop("asked to")
    with run.start(overrides=("a=1",)) as attempt:
        assert attempt.number == 2
    record = run.read_record()
    assert [one.outcome for one in record.attempts] == ["stopped", "completed"]
    assert record.reason is None


def test_a_first_attempt_is_refused_where_there_was_one(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), run.start(first=True):
        raise ZeroDivisionError
    with pytest.raises(RunStateError, match="was tried before, and only a created run"):
        run.start(first=True)
    assert len(run.read_record().attempts) == 1 and run.read_record().status is Status.FAILED
    with run.start() as attempt:
        assert attempt.number == 2


def test_what_was_found_is_in_the_record(run: Run) -> None:
    with run.start() as attempt:
        attempt.found({"model_kwargs.input_shape": [1, 8, 8]}, device="cpu", threads=2)
        attempt.found({"scheduler_kwargs.T_max": 20}, first_step=100)
        attempt.fingerprint({"train": "sha256:1"})
        attempt.digest("best.safetensors", "sha256:2")
        attempt.digest("old", "sha256:3")
        attempt.digest("old", None)
    record = run.read_record()
    assert record.resolved == {"model_kwargs.input_shape": [1, 8, 8], "scheduler_kwargs.T_max": 20}
    assert record.fingerprints == {"train": "sha256:1"}
    assert record.digests == {"best.safetensors": "sha256:2"}
    (attempted,) = record.attempts
    assert (attempted.device, attempted.threads, attempted.first_step) == ("cpu", 2, 100)


def test_signs_tell_progress_and_the_newest_metrics(run: Run) -> None:
    with run.start() as attempt:
        attempt.sign(epoch=0, max_epochs=3, step=10, max_steps=30, metrics={"loss": 1, "a": 0.5})
        attempt.sign(step=20, metrics={"loss": math.nan})
    record = run.read_record()
    assert record.progress == Progress(epoch=0, max_epochs=3, step=20, max_steps=30)
    assert record.last == {"loss": "nan", "a": 0.5}
    assert record.attempts[0].last_step == 20


def test_the_best_of_each_monitor_is_kept(run: Run) -> None:
    with run.start() as attempt:
        for value in (0.5, 0.7):
            attempt.best(
                BestRecord(monitor="acc", mode="max", value=value, metrics={"x": math.inf})
            )
        attempt.best(BestRecord(monitor="loss", mode="min", value=math.nan))
    assert [(best.monitor, best.value) for best in run.read_record().best] == [
        ("acc", 0.7),
        ("loss", "nan"),
    ]
    assert run.read_record().best[0].metrics == {"x": "inf"}


def test_many_signs_within_a_second_write_the_record_once(run: Run) -> None:
    with run.start(promise=60.0) as attempt:
        before = run.record_path.stat()
        for step in range(200):
            attempt.sign(step=step, promise=60.0)
        after = run.record_path.stat()
        written = json.loads(run.record_path.read_bytes())["progress"]
        assert (before.st_ino == after.st_ino) == (written is None)
        assert attempt.record.progress == Progress(step=199)


def test_a_longer_silence_is_announced_at_once(run: Run) -> None:
    with run.start(promise=60.0) as attempt:
        attempt.sign(step=7, promise=3600.0)
        sign = run.read_record().attempts[0].sign
        assert sign is not None
        assert (sign.step, sign.promise) == (7, 3600.0)


def test_a_record_that_cannot_be_written_is_said_once_and_training_goes_on(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run.start() as attempt, caplog.at_level(logging.WARNING):
        run.path.rename(tmp_path / "moved")
        for _ in range(3):
            attempt.write()
        (tmp_path / "moved").rename(run.path)
        attempt.write()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert run.status().text == "completed"


def test_a_second_start_says_who_trains_the_run(run: Run) -> None:
    process = started(run)
    expected = rf"exp/0 is being trained by process {process.pid} on \S+ since 20\S+Z"
    for takeover in (False, True):
        with pytest.raises(RunBusyError, match=expected):
            run.start(takeover=takeover)
    process.communicate("go on\n")
    assert run.status().text == "completed"


def test_who_has_just_taken_the_run_is_said_before_its_record_says_so(run: Run) -> None:
    code = (
        "import sys; from pathlib import Path; from stride.store.lock import acquire\n"
        "lock = acquire(Path(sys.argv[1])); print('held', flush=True); sys.stdin.readline()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(run.lock_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(RunBusyError, match=f"is being started or moved by process {holder.pid}$"):
        run.start()
    holder.communicate(b"go\n")
    assert run.read_record().status is Status.CREATED


def test_the_same_process_cannot_start_a_run_twice(run: Run) -> None:
    with run.start():
        with pytest.raises(RunBusyError, match="is being trained by process"):
            run.start()
        assert run.status().life is Life.ALIVE


def test_a_killed_run_is_crashed_and_can_be_tried_again(run: Run) -> None:
    process = started(run)
    process.kill()
    process.communicate()
    assert run.status().text == "crashed (killed from outside; last sign at step 5)"
    assert run.status().word == "crashed"
    with run.start() as attempt:
        assert attempt.number == 2
    assert run.status().text == "completed"


def test_a_copy_of_a_running_run_is_unknown_and_needs_a_takeover(run: Run, tmp_path: Path) -> None:
    process = started(run)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(run.work_dir), str(copy)], check=True)
    copied = WorkDir(copy).run(0)
    assert copied.status().life is Life.UNKNOWN
    with pytest.raises(RunBusyError, match=r"may be in training: .* start with --takeover"):
        copied.start()
    with copied.start(takeover=True):
        assert run.status().life is Life.ALIVE
    process.communicate("go on\n")


def test_a_note_is_the_cause_if_death_follows(run: Run) -> None:
    code = """
import os, signal, sys
from stride.store.run import Run
attempt = Run(sys.argv[1]).start()
attempt.note("SIGTERM received")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, str(run.path)])
    assert run.status().text == "crashed (SIGTERM received; no step is recorded)"


def test_a_crash_in_native_code_is_named_from_its_trace(run: Run) -> None:
    code = """
import faulthandler, sys
from stride.store.run import Run
run = Run(sys.argv[1])
with run.start() as attempt:
    run.logs_path.mkdir()
    faulthandler.enable(run.fault_path.open("w"))
    faulthandler._sigsegv()
"""
    subprocess.run([sys.executable, "-c", code, str(run.path)])
    assert "crashed (Fatal Python error: Segmentation fault; no step" in run.status().text


def test_a_child_that_was_forked_off_changes_nothing(run: Run) -> None:
    code = """
import os, sys
from stride.store.run import Run
with Run(sys.argv[1]).start() as attempt:
    attempt.sign(step=3)
    if os.fork() == 0:
        attempt.sign(step=99, promise=9999.0)
        raise ValueError("in the child")
    os.wait()
    attempt.stop("by the parent")
"""
    subprocess.run([sys.executable, "-c", code, str(run.path)], stderr=subprocess.DEVNULL)
    record = run.read_record()
    assert (record.status, record.reason, record.error) == ("stopped", "by the parent", None)
    assert record.progress == Progress(step=3)


def test_tables_are_flushed_when_the_attempt_ends(run: Run) -> None:
    with run.start():
        for step in range(3):
            run.steps.append({"step": step})
    assert [row["step"] for row in Run(run.path).steps.read()] == [0, 1, 2]


def test_leftovers_of_killed_writes_are_cleared_by_the_next_attempt(run: Run) -> None:
    run.logs_path.mkdir()
    for path in (run.record_path, run.metrics_path):
        path.with_name(f".tmp-{path.name}-1-ab").write_bytes(b"half")
    with run.start():
        pass
    assert sorted(path.name for path in run.path.rglob(".tmp*")) == []
