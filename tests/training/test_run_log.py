"""run.log: time, level, host, rank and module of each record; a disk that refuses ends nothing."""

from __future__ import annotations

import logging
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stride.training.run_log import RunLog


def _record(message: str, level: int = logging.INFO, name: str = "my.module") -> logging.LogRecord:
    return logging.LogRecord(name, level, "", 0, message, None, None)


def test_a_line_says_when_how_where_and_who(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "logs" / "rank3.log", rank=3)
    log.handle(_record("hello"))
    log.close()
    line = (tmp_path / "logs" / "rank3.log").read_text()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"
    host = re.escape(socket.gethostname())
    assert re.fullmatch(rf"{time} INFO {host} rank3 my\.module: hello\n", line)


def test_further_lines_and_tracebacks_are_indented(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    try:
        raise ValueError("broken")
    except ValueError:
        record = _record("two\nlines")
        record.exc_info = sys.exc_info()
        log.handle(record)
    log.close()
    first, *rest = (tmp_path / "run.log").read_text().splitlines()
    assert first.endswith("my.module: two")
    assert rest[0] == "    lines"
    assert rest[-1] == "    ValueError: broken"
    assert all(line.startswith("    ") for line in rest)


def test_a_second_attempt_appends(tmp_path: Path) -> None:
    for message in ("first", "second"):
        log = RunLog(tmp_path / "run.log")
        log.handle(_record(message))
        log.close()
    assert (tmp_path / "run.log").read_text().count("\n") == 2


def test_a_text_that_is_no_unicode_is_logged_escaped(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    log.handle(_record("bad \udcff name"))
    log.close()
    assert "bad \\udcff name" in (tmp_path / "run.log").read_text()


def test_what_a_disk_refused_is_written_when_it_takes_it_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = RunLog(tmp_path / "logs" / "run.log")
    log.handle(_record("first"))
    log.handle(_record("second"))
    assert capfd.readouterr().err.count("the log is kept in memory") == 1
    (tmp_path / "logs").unlink()
    log.handle(_record("third"))
    log.close()
    lines = (tmp_path / "logs" / "run.log").read_text().splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["first", "second", "third"]


def test_on_a_full_disk_the_process_goes_on(tmp_path: Path) -> None:
    script = (
        "import logging, resource, signal, sys\n"
        "from pathlib import Path\n"
        "from stride.training.run_log import RunLog\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "log = RunLog(Path(sys.argv[1]))\n"
        "logger = logging.getLogger('x'); logger.propagate = False; logger.addHandler(log)\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))\n"
        "for number in range(20): logger.warning('line %d', number)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "logger.warning('line 20')\n"
    )
    path = tmp_path / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("cannot write") == 1
    numbers = [int(line.rpartition(" ")[2]) for line in path.read_text().splitlines()]
    assert numbers == list(range(21))
    assert path.stat().st_size > 100
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100
