"""Stopping: signals and requests end a training at the edge of a step, a second Ctrl-C at once."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from stride.errors import NonFiniteError, StoppedError
from stride.store.requests import write_request
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.stopping import AtStepEdge, Stop, stopping_at_step_edges

OF_SCHEDULERS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({})


def _press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_is_only_noted_and_ends_the_training_at_the_next_look() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match=r"^interrupted$"), stopping_at_step_edges() as stop:
        stop.check()
        _press_ctrl_c()
        assert stop.requested
        stop.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_between_two_steps_no_except_clause_of_user_code_holds_it_up() -> None:
    with stopping_at_step_edges() as stop:
        stop.request("enough")
        with pytest.raises(AtStepEdge):
            try:
                stop.check()
            except Exception:  # noqa: BLE001  as user code has it
                pytest.fail("it was held up")


def test_the_second_ctrl_c_ends_at_once() -> None:
    went_on = False
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges():
        _press_ctrl_c()
        _press_ctrl_c()
        went_on = True
    assert not went_on


@pytest.mark.parametrize("number", OF_SCHEDULERS)
def test_a_signal_of_a_scheduler_stops_it_so_that_it_is_started_again(
    number: signal.Signals,
) -> None:
    told: list[str] = []
    before = signal.getsignal(number)
    with (
        pytest.raises(StoppedError, match=rf"^stopped by {number.name}$"),
        stopping_at_step_edges(note=told.append) as stop,
    ):
        os.kill(os.getpid(), number)
        assert stop.requested
        assert told == [f"got {number.name}"]
        stop.check()
    assert signal.getsignal(number) is before


def test_schedulers_may_send_their_signal_twice() -> None:
    with stopping_at_step_edges() as stop:
        for number in OF_SCHEDULERS:
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
        assert stop.reason == "stopped by SIGTERM"
        assert isinstance(stop.error(), StoppedError)


def test_the_first_reason_is_the_reason() -> None:
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        stop.request("something else")
        assert str(stop.error()) == "stopped by SIGTERM"
        _press_ctrl_c()


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping_at_step_edges() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_handler_of_the_callers_own_stays() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        with stopping_at_step_edges() as stop:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not stop.requested
        assert heard == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_an_error_that_follows_the_request_is_a_consequence_of_it() -> None:
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges():
        _press_ctrl_c()
        raise RuntimeError("a worker is gone")
    with pytest.raises(StoppedError), stopping_at_step_edges():
        os.kill(os.getpid(), signal.SIGTERM)
        raise RuntimeError("a worker is gone")
    with pytest.raises(RuntimeError, match="a worker is gone"), stopping_at_step_edges():
        raise RuntimeError("a worker is gone")


def test_a_loss_that_is_not_finite_is_no_consequence_of_it() -> None:
    with pytest.raises(NonFiniteError), stopping_at_step_edges():
        _press_ctrl_c()
        raise NonFiniteError("the loss is nan")


def test_in_another_thread_no_handler_is_changed_and_requests_are_read(run: Run) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, *OF_SCHEDULERS)]
    seen: list[object] = []

    def work() -> None:
        with stopping_at_step_edges(run) as stop:
            write_request(run.request_path("stop"))
            stop.look()
            seen.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]
    assert [signal.getsignal(number) for number in (signal.SIGINT, *OF_SCHEDULERS)] == before


def test_a_request_in_the_run_folder_stops_it_as_a_person_would(run: Run) -> None:
    stop = Stop(run)
    stop.look()
    assert not stop.requested
    write_request(run.request_path("stop"))
    stop.look()
    with pytest.raises(AtStepEdge):
        stop.check()
    assert isinstance(stop.error(), KeyboardInterrupt)
    assert str(stop.error()).startswith("stopped by stride stop on ")
    assert not run.request_path("stop").exists()


def test_a_checkpoint_is_asked_for_and_the_training_goes_on(run: Run) -> None:
    stop = Stop(run)
    write_request(run.request_path("checkpoint"))
    stop.look()
    stop.check()
    assert stop.checkpoint_requested
    assert not run.request_path("checkpoint").exists()
    stop.checkpoint_requested = False
    stop.look()
    assert not stop.checkpoint_requested


def test_a_torn_request_is_a_request(run: Run) -> None:
    run.request_path("stop").write_bytes(b'{"host": ')
    stop = Stop(run)
    stop.look()
    assert str(stop.error()) == "stopped by stride stop"


def _sleep(begun: multiprocessing.synchronize.Event) -> None:
    begun.set()
    time.sleep(600)


def test_a_child_that_was_forked_off_can_still_be_terminated() -> None:
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    with stopping_at_step_edges() as stop:
        child = context.Process(target=_sleep, args=(begun,), daemon=True)
        child.start()
        begun.wait()  # a signal before Python runs in the child is lost, whoever sends it
        child.terminate()
        child.join(60)
        assert child.exitcode == -signal.SIGTERM
        assert not stop.requested
