"""The logs of a training: all that is said is kept, and nothing is left behind."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from stride.errors import StoppedError
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.logs import kept_logs
from stride.training.view import PlainView


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({})


@contextlib.contextmanager
def _bare_root() -> Iterator[logging.Logger]:
    """The root logger as a script finds it; pytest has handlers of its own there."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        yield root
    finally:
        root.handlers = handlers


def _messages(run: Run) -> list[str]:
    lines = run.log_path().read_text().splitlines()
    return [line.split(" ", 4)[4] for line in lines if not line.startswith("    ")]


def test_logging_printing_and_warnings_of_user_code_are_in_the_log(run: Run) -> None:
    with pytest.warns(UserWarning, match="careful"), kept_logs(run, PlainView(io.StringIO())):
        logging.getLogger("users.model").info("built")
        print("printed")  # noqa: T201
        print("complained", file=sys.stderr)  # noqa: T201
        warnings.warn("careful", UserWarning, stacklevel=1)
    messages = _messages(run)
    assert messages[:3] == ["users.model: built", "stdout: printed", "stderr: complained"]
    assert messages[3].startswith("warnings: UserWarning: careful (")
    assert len(messages) == 4


def test_what_is_printed_is_on_the_screen_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with kept_logs(run, PlainView(io.StringIO())):
        print("printed")  # noqa: T201
    assert capsys.readouterr().out == "printed\n"


def test_an_exception_that_leaves_is_in_the_log_with_its_traceback(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), kept_logs(run, PlainView(io.StringIO())):
        1 / 0  # noqa: B018
    text = run.log_path().read_text()
    assert "ERROR" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "test_logs.py" in text


def test_an_interruption_is_a_line_without_a_traceback(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt), kept_logs(run, PlainView(io.StringIO())):
        raise KeyboardInterrupt
    assert _messages(run) == ["stride.training: interrupted"]


def test_a_stop_that_was_asked_for_is_a_line_without_a_traceback(run: Run) -> None:
    with pytest.raises(StoppedError), kept_logs(run, PlainView(io.StringIO())):
        raise StoppedError("stopped by SIGTERM")
    assert _messages(run) == ["stride.training: stopped by SIGTERM"]
    assert "Traceback" not in run.log_path().read_text()


def test_handlers_levels_streams_and_hooks_are_afterwards_as_they_were(run: Run) -> None:
    root = logging.getLogger()
    handler = logging.NullHandler()
    root.addHandler(handler)

    def state() -> list[object]:
        return [
            list(root.handlers),
            root.level,
            list(handler.filters),
            sys.stdout,
            sys.stderr,
            warnings.showwarning,
            faulthandler.is_enabled(),
        ]

    try:
        before = state()
        with pytest.raises(ValueError, match="x"), kept_logs(run, PlainView(io.StringIO())):
            assert state() != before
            raise ValueError("x")
        assert state() == before
    finally:
        root.removeHandler(handler)


def test_the_screen_shows_our_records_and_warnings_of_others(run: Run) -> None:
    screen = io.StringIO()
    with _bare_root(), kept_logs(run, PlainView(screen)):
        logging.getLogger("stride.training.loop").info("[Epoch 1/1]")
        logging.getLogger("users").info("a detail")
        logging.getLogger("users").warning("a danger")
    assert screen.getvalue() == "[Epoch 1/1]\nwarning: a danger\n"
    assert _messages(run)[1] == "users: a detail"


def test_a_users_own_handler_sees_no_more_than_before(run: Run) -> None:
    stream, screen = io.StringIO(), io.StringIO()
    verbose = logging.getLogger("users.verbose")
    verbose.setLevel(logging.DEBUG)
    with _bare_root() as root:
        root.addHandler(logging.StreamHandler(stream))
        with kept_logs(run, PlainView(screen)):
            logging.getLogger("stride.x").info("an epoch line")
            logging.getLogger("users").info("a detail")
            logging.getLogger("users").warning("a danger")
            verbose.debug("asked for")
    verbose.setLevel(logging.NOTSET)
    assert stream.getvalue() == "a danger\nasked for\n"
    assert screen.getvalue() == "an epoch line\n"


def test_an_epoch_line_is_shown_once_where_the_users_logging_shows_it(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with _bare_root() as root:
        before = root.level
        root.addHandler(logging.StreamHandler(sys.stderr))
        root.setLevel(logging.INFO)
        with kept_logs(run, PlainView(sys.stderr)):
            logging.getLogger("stride.x").info("an epoch line")
        root.setLevel(before)
    assert capsys.readouterr().err == "an epoch line\n"


@pytest.mark.parametrize(("level", "kept"), [("DEBUG", "dEIW"), ("INFO", "EIW"), ("WARNING", "W")])
def test_the_level_is_that_of_the_file_and_epoch_lines_are_shown_all_the_same(
    run: Run, level: str, kept: str
) -> None:
    screen = io.StringIO()
    with _bare_root(), kept_logs(run, PlainView(screen), level=level):
        users = logging.getLogger("users")
        users.debug("d")
        logging.getLogger("stride.x").info("E")
        users.info("I")
        users.warning("W")
    assert "".join(message.rpartition(": ")[2] for message in _messages(run)) == kept
    assert screen.getvalue() == "E\nwarning: W\n"


def test_each_rank_has_a_log_of_its_own(run: Run) -> None:
    with kept_logs(run, PlainView(io.StringIO()), rank=1):
        print("from rank 1")  # noqa: T201
    assert "rank1 stdout: from rank 1" in (run.logs_path / "rank1.log").read_text()


def test_a_crash_in_native_code_leaves_its_trace(run: Run) -> None:
    script = (
        "import faulthandler, sys\n"
        "from stride.store.run import Run\n"
        "from stride.training.logs import kept_logs\n"
        "from stride.training.view import SilentView\n"
        "with kept_logs(Run(sys.argv[1]), SilentView()): faulthandler._sigsegv()\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(run.path)], capture_output=True)
    assert done.returncode < 0
    assert "Segmentation fault" in run.fault_path.read_text()


def test_without_a_crash_there_is_no_trace_file(run: Run) -> None:
    with kept_logs(run, PlainView(io.StringIO())):
        assert run.fault_path.exists()
    assert not run.fault_path.exists()
