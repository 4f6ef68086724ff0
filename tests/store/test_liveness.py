"""What is true of a run that says `running` is judged from evidence; so is a cause of death."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.store.liveness import Evidence, Life, gather, verdict
from stride.store.lock import LockState
from stride.store.machine_identity import Machine, ProcessState
from stride.store.record import AttemptRecord, ErrorRecord, RunRecord, Sign, Status, new_record

HERE = Machine("node1", "machine1", "boot1", "ns1")
HELD, FREE, NO_LOCKS = LockState.HELD, LockState.FREE, LockState.UNSUPPORTED
ALIVE, DEAD, UNSEEN = ProcessState.ALIVE, ProcessState.DEAD, ProcessState.UNKNOWN


def running(**attempt: Any) -> RunRecord:
    known: dict[str, Any] = {
        "number": 1,
        "started": "2026-01-01T00:00:00.000Z",
        "host": "node1",
        "machine_id": "machine1",
        "boot_id": "boot1",
        "pid": 7,
        "pid_start": 1.0,
        "pid_namespace": "ns1",
        "sign": Sign(boottime=1000.0, promise=60.0, step=120),
    }
    return msgspec.structs.replace(
        new_record(), status=Status.RUNNING, attempts=(AttemptRecord(**{**known, **attempt}),)
    )


def judge(record: RunRecord, **evidence: Any) -> tuple[Life | None, str]:
    known: dict[str, Any] = {"reader": HERE, "lock": FREE, "boot_seconds": 1010.0}
    found = verdict(record, Evidence(**{**known, **evidence}))
    return found.life, found.text


@pytest.mark.parametrize(
    ("attempt", "evidence", "life", "text"),
    [
        ({}, {"lock": HELD}, Life.ALIVE, "running"),
        ({}, {"lock": HELD, "process": DEAD}, Life.ALIVE, "running"),
        ({}, {"lock": HELD, "boot_seconds": 1300.0}, Life.STALLED, "no sign of life for 5 min"),
        ({"boot_id": "b"}, {"lock": HELD, "boot_seconds": 9e9}, Life.ALIVE, "running (on node1)"),
        ({"host": "node2", "boot_id": "b"}, {"lock": HELD}, Life.ALIVE, "running (on node2)"),
        ({}, {"process": DEAD}, Life.CRASHED, "killed from outside; last sign at step 120"),
        ({}, {"process": UNSEEN}, Life.UNKNOWN, "process 7 of node1 cannot be looked at"),
        ({}, {"process": ALIVE}, Life.UNKNOWN, "it may be a copy"),
        ({"locked": False}, {"process": ALIVE, "lock": NO_LOCKS}, Life.ALIVE, "running"),
        ({"locked": False}, {"process": ALIVE, "lock": FREE}, Life.ALIVE, "running"),
        (
            {"locked": False},
            {"process": ALIVE, "lock": NO_LOCKS, "boot_seconds": 2000.0},
            Life.STALLED,
            "no sign of life for 17 min, last sign at step 120",
        ),
        ({"pid_namespace": "ns2"}, {}, Life.UNKNOWN, "a container that hides it"),
        ({"pid_namespace": "ns2"}, {"boot_seconds": 2000.0}, Life.CRASHED, "killed from outside"),
        ({"boot_id": "boot0"}, {}, Life.CRASHED, "node1 was started again; last sign at step 120"),
        ({"host": "node2", "boot_id": "b"}, {}, Life.UNKNOWN, "it ran on node2"),
        ({"machine_id": "m", "boot_id": "b"}, {}, Life.UNKNOWN, "it ran on node1"),
        ({"boot_id": ""}, {}, Life.UNKNOWN, "it ran on node1"),
        ({"sign": None}, {"lock": HELD, "boot_seconds": 9e9}, Life.ALIVE, "running"),
        ({"sign": None}, {"process": DEAD}, Life.CRASHED, "no step is recorded"),
    ],
)
def test_the_table(attempt: Any, evidence: Any, life: Life, text: str) -> None:
    found, said = judge(running(**attempt), **evidence)
    assert found is life
    assert text in said


@pytest.mark.parametrize(
    ("state", "life", "text"),
    [
        ("RUNNING", Life.ALIVE, "running (on node2; SLURM says running of job 55)"),
        ("COMPLETING", Life.ALIVE, "SLURM says completing"),
        ("TIMEOUT", Life.CRASHED, "SLURM says timeout of job 55; last sign at step 120"),
        ("OUT_OF_MEMORY", Life.CRASHED, "SLURM says out of memory of job 55"),
        ("PENDING", Life.UNKNOWN, "SLURM says pending of job 55"),
        (None, Life.UNKNOWN, "it ran on node2, which cannot be asked from here"),
    ],
)
def test_of_another_machine_slurm_is_believed(state: str | None, life: Life, text: str) -> None:
    record = running(host="node2", machine_id="machine2", boot_id="boot2", slurm_job="55")
    found, said = judge(record, slurm=state)
    assert found is life
    assert text in said


@pytest.mark.parametrize(
    ("job", "restarts", "life"),
    [
        ("55", "1", Life.CRASHED),
        ("55", "", Life.UNKNOWN),
        ("56", "1", Life.UNKNOWN),
        ("", "1", Life.UNKNOWN),
    ],
)
def test_a_job_that_is_started_again_knows_that_what_it_was_before_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str, restarts: str, life: Life
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # there is no squeue
    monkeypatch.setenv("SLURM_JOB_ID", job)
    monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
    record = running(host="node2", machine_id="machine2", boot_id="boot2", slurm_job="55")
    assert record.attempt is not None
    evidence = gather(record.attempt, tmp_path / "lock", tmp_path / "fault")
    found = verdict(record, evidence)
    assert found.life is life
    if life is Life.CRASHED:
        assert found.text == ("crashed (SLURM job 55 was started again; last sign at step 120)")


def test_a_cause_is_named_from_evidence_only() -> None:
    fault = "Fatal Python error: Segmentation fault"
    assert judge(running(), process=DEAD, fault=fault)[1].startswith(f"crashed ({fault};")
    noted = msgspec.structs.replace(running(), reason="SIGTERM received")
    assert judge(noted, process=DEAD)[1].startswith("crashed (SIGTERM received;")
    counted = running(out_of_memory_kills=3)
    assert "2 out-of-memory kills" in judge(counted, process=DEAD, out_of_memory_kills=5)[1]
    assert "memory" not in judge(counted, process=DEAD, out_of_memory_kills=3)[1]
    assert "memory" not in judge(counted, process=DEAD)[1]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.RUNNING])
def test_a_run_that_does_not_run_is_what_it_says(status: Status) -> None:
    record = msgspec.structs.replace(running(), status=status, reason="because")
    found = verdict(record, None)
    assert (found.status, found.life, found.text) == (status, None, f"{status} (because)")
    assert found.word == status


def test_a_failed_run_tells_its_error() -> None:
    error = ErrorRecord(type="ValueError", message="bad shape", where="a.py:3 in f")
    record = msgspec.structs.replace(new_record(), status=Status.FAILED, error=error)
    assert verdict(record, None).text == "failed (ValueError: bad shape)"


machines = st.builds(Machine, *(st.sampled_from(["", "a", "b"]) for _ in range(4)))
evidences = st.builds(
    Evidence,
    reader=machines,
    lock=st.sampled_from(LockState),
    process=st.sampled_from(ProcessState),
    boot_seconds=st.floats(0, 3000),
    slurm=st.none() | st.sampled_from(["RUNNING", "FAILED", "PENDING", "SOMETHING_NEW"]),
)
attempts = st.fixed_dictionaries(
    {
        "host": st.sampled_from(["a", "b"]),
        "machine_id": st.sampled_from(["", "a", "b"]),
        "boot_id": st.sampled_from(["", "a", "b"]),
        "pid_namespace": st.sampled_from(["", "a", "b"]),
        "locked": st.booleans(),
        "slurm_job": st.none() | st.just("1"),
    }
)


@given(attempts, evidences)
def test_a_held_lock_is_never_called_crashed(attempt: Any, evidence: Evidence) -> None:
    found = verdict(running(**attempt), evidence)
    if evidence.lock is HELD:
        assert found.life in (Life.ALIVE, Life.STALLED)


@given(attempts, evidences)
def test_a_dead_process_of_this_boot_is_never_called_running(
    attempt: Any, evidence: Evidence
) -> None:
    same = {"boot_id": evidence.reader.boot_id, "pid_namespace": evidence.reader.pid_namespace}
    found = verdict(running(**{**attempt, **same}), evidence)
    if evidence.reader.boot_id and evidence.process is DEAD and evidence.lock is not HELD:
        assert found.life is Life.CRASHED


@given(attempts, evidences)
def test_every_verdict_but_a_plain_running_has_its_reason(attempt: Any, evidence: Evidence) -> None:
    found = verdict(running(**attempt), evidence)
    assert found.life is not None
    assert found.reason or found.life is Life.ALIVE
    assert found.text.startswith("running" if found.life is Life.ALIVE else found.life)


def test_slurm_is_asked_through_its_own_commands(tmp_path: Path) -> None:
    script = tmp_path / "squeue"
    script.write_text('#!/bin/sh\necho "$@" >> "$0.calls"\necho TIMEOUT\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    code = "from stride.store.slurm import ask_slurm; print(ask_slurm('55'), ask_slurm('55'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "TIMEOUT TIMEOUT\n"
    assert (tmp_path / "squeue.calls").read_text() == "-h -o %T -j 55\n"


def test_without_slurm_there_is_no_answer(tmp_path: Path) -> None:
    code = "from stride.store.slurm import ask_slurm; print(ask_slurm('55'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "None\n"
