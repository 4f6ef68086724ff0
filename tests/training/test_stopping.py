"""Ctrl-C: the first ends at the edge of a step, the second at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from stride.training.stopping import stopping_at_step_edges


def _press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_is_only_noted_and_ends_the_training_at_the_next_look() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges() as stop:
        stop.check()
        _press_ctrl_c()
        assert stop.requested
        stop.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_ends_at_once() -> None:
    went_on = False
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges():
        _press_ctrl_c()
        _press_ctrl_c()
        went_on = True
    assert not went_on


def test_an_error_that_follows_the_request_is_a_consequence_of_it() -> None:
    with pytest.raises(KeyboardInterrupt), stopping_at_step_edges():
        _press_ctrl_c()
        raise RuntimeError("a worker is gone")
    with pytest.raises(RuntimeError, match="a worker is gone"), stopping_at_step_edges():
        raise RuntimeError("a worker is gone")


def test_in_another_thread_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with stopping_at_step_edges() as stop:
            seen.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
    assert signal.getsignal(signal.SIGINT) is before
