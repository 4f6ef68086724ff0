"""The start of an attempt: who may begin one, and what is kept of it and of the one before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stride.errors import RunBusyError, RunStateError, StoppedError
from stride.store.requests import REQUESTS, write_request
from stride.store.run import Run
from stride.store.start import check_startable
from stride.store.work_dir import WorkDir

HOLD = """
import sys
from stride.store.run import Run
with Run(sys.argv[1]).start() as attempt:
    print("started", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({"lr": 0.1})


def _held(run: Run) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def test_an_attempt_keeps_what_it_was_given_and_what_that_means(run: Run) -> None:
    with run.start(overrides=("fit_kwargs.max_epochs=40",), settings={"fit_kwargs.max_epochs": 40}):
        pass
    attempt = run.read_record().attempt
    assert attempt is not None
    assert attempt.overrides == ("fit_kwargs.max_epochs=40",)
    assert attempt.settings == {"fit_kwargs.max_epochs": 40}


def test_settings_that_are_no_numbers_of_json_are_stored_as_words(run: Run) -> None:
    with run.start(settings={"min_delta": float("inf")}):
        pass
    attempt = run.read_record().attempt
    assert attempt is not None
    assert attempt.settings == {"min_delta": "inf"}


def test_an_attempt_keeps_the_checkpoint_it_went_on_from_and_notes(run: Run) -> None:
    with run.start() as attempt:
        attempt.found(checkpoint="step-00000120", first_step=120, notes=["model.py changed"])
        attempt.found(notes=["step-00000130 was skipped"])
    record = run.read_record().attempt
    assert record is not None
    assert record.checkpoint == "step-00000120"
    assert record.first_step == 120
    assert record.notes == ("model.py changed", "step-00000130 was skipped")


def test_what_became_of_a_killed_attempt_is_written_by_the_next(run: Run) -> None:
    process = _held(run)
    process.kill()
    process.communicate()
    with run.start():
        pass
    first, second = run.read_record().attempts
    assert (first.outcome, first.ended) == ("crashed", None)
    assert second.outcome == "completed"


def test_requests_to_an_attempt_that_is_over_are_forgotten(run: Run) -> None:
    for name in REQUESTS:
        write_request(run.request_path(name))
    with run.start():
        for name in REQUESTS:
            assert not run.request_path(name).exists()


def test_a_run_that_waits_or_was_stopped_or_killed_may_be_started(run: Run) -> None:
    assert check_startable(run).attempts == ()
    with pytest.raises(StoppedError), run.start():
        raise StoppedError("stopped by SIGTERM")
    assert len(check_startable(run).attempts) == 1
    process = _held(run)
    process.kill()
    process.communicate()
    assert len(check_startable(run).attempts) == 2


def test_a_run_in_training_may_not_be_started_and_who_trains_it_is_said(run: Run) -> None:
    process = _held(run)
    try:
        with pytest.raises(RunBusyError, match=f"is being trained by process {process.pid} on"):
            check_startable(run)
    finally:
        process.communicate("\n")


def test_a_completed_run_is_closed_and_what_serves_instead_is_said(run: Run) -> None:
    with run.start():
        pass
    with pytest.raises(RunStateError, match=r"closed; stride fit --continue .*/exp/0 goes on"):
        check_startable(run)


def test_where_life_is_unknown_a_takeover_is_needed(run: Run, tmp_path: Path) -> None:
    process = _held(run)
    try:
        subprocess.run(["cp", "-r", run.path, tmp_path / "exp" / "1"], check=True)
        copy = Run(tmp_path / "exp" / "1")
        with pytest.raises(RunBusyError, match="--takeover"):
            check_startable(copy)
        assert len(check_startable(copy, takeover=True).attempts) == 1
        with copy.start(takeover=True):
            pass
        assert [attempt.outcome for attempt in copy.read_record().attempts] == [
            "unknown",
            "completed",
        ]
    finally:
        process.communicate("\n")


def test_a_start_clears_away_what_a_kill_left_half_written(run: Run) -> None:
    with run.start() as attempt:
        attempt.digest("best.safetensors", "sha256:00")
        attempt.stop("asked to")
    files = (
        run.record_path,
        run.steps.cut_path,
        run.results_metrics_path,
        run.checkpoint_paths.newest_path,
        run.weights_file("best"),
    )
    left = [path.with_name(f".tmp-{path.name}-12-ab") for path in files]
    folder = run.path / ".tmp-provenance-12-ab"
    for path in (*left, folder / "code.json"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    others = run.results_path / ".tmp-predictions.npy-12-ab"  # of a process that may live
    others.write_bytes(b"half")
    with run.start() as attempt:
        assert not any(path.exists() for path in (*left, folder))
        assert others.exists()
        attempt.stop("asked to")
