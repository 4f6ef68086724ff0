"""The tee: what is printed is on the screen as before, and line by line in the log."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path

from stride.training.run_log import RunLog
from stride.training.tee import Tee
from stride.training.view import PlainView


def _tee(folder: Path) -> tuple[Tee, io.StringIO, RunLog]:
    screen, log = io.StringIO(), RunLog(folder / "run.log")
    return Tee(screen, log, "stdout", PlainView(screen)), screen, log


def _logged(folder: Path) -> list[str]:
    lines = (folder / "run.log").read_text().splitlines()
    return [line.partition("stdout: ")[2] for line in lines]


def test_whole_lines_are_logged_and_the_screen_sees_all_at_once(tmp_path: Path) -> None:
    tee, screen, log = _tee(tmp_path)
    print("one", "two", file=tee)
    print("begun", end="", file=tee)
    assert screen.getvalue() == "one two\nbegun"
    print(" and ended", file=tee)
    print("never ended", end="", file=tee)
    tee.finish()
    log.close()
    assert _logged(tmp_path) == ["one two", "begun and ended", "never ended"]


def test_a_line_that_is_drawn_again_and_again_is_logged_as_it_stands_at_its_end(
    tmp_path: Path,
) -> None:
    tee, screen, log = _tee(tmp_path)
    for percent in range(101):
        tee.write(f"\r{percent}%")
    tee.write("\n")
    tee.finish()
    log.close()
    assert _logged(tmp_path) == ["100%"]
    assert screen.getvalue().count("%") == 101


def test_it_is_a_stream_as_any_other(tmp_path: Path) -> None:
    tee, screen, log = _tee(tmp_path)
    tee.writelines(["a\n", "b\n"])
    tee.flush()
    assert tee.writable()
    assert tee.isatty() is False
    assert screen.getvalue() == "a\nb\n"
    log.close()


def test_a_log_that_prints_does_not_run_in_a_circle(tmp_path: Path) -> None:
    tee, _, log = _tee(tmp_path)

    class Printing(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            tee.write("from the log\n")
            return True

    log.addFilter(Printing())
    tee.write("printed\n")
    log.close()
    assert _logged(tmp_path) == ["printed"]


def test_a_worker_that_was_forked_off_prints_past_the_view(tmp_path: Path) -> None:
    path = tmp_path / "screen"
    with path.open("w") as screen:
        log = RunLog(tmp_path / "run.log")
        tee = Tee(screen, log, "stdout", PlainView(io.StringIO()))
        child = os.fork()
        if child == 0:
            tee.write("from the worker\n")
            screen.flush()
            os._exit(0)
        os.waitpid(child, 0)
        log.close()
    assert path.read_text() == "from the worker\n"
    assert _logged(tmp_path) == ["from the worker"]
