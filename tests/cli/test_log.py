"""`stride log`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.log import FIELDS
from stride.store.work_dir import WorkDir

LINE = "2026-01-31T12:30:05.{:03}+00:00 INFO node7 rank0 stride.training: message {}\n"


@pytest.fixture
def logged(trained: Any) -> Any:
    run = trained()
    run.log_path().write_text("".join(LINE.format(number, number) for number in range(5)))
    return run


def test_the_log_is_printed_as_it_is(stride: Any, logged: Any) -> None:
    assert stride("log", "exp/0").out == logged.log_path().read_text()


def test_a_pipe_in_place_of_the_log_does_not_hold_the_reader(stride: Any, logged: Any) -> None:
    logged.log_path().unlink()
    os.mkfifo(logged.log_path())
    result = stride("log", "exp/0")
    assert result.code == 3
    assert "no regular file" in result.err


def test_the_last_lines_only(stride: Any, logged: Any) -> None:
    assert stride("log", "exp/0", "-n", "2").out.split("\n")[0].endswith("message 3")
    assert stride("log", "exp/0", "-n", "0").out == ""


def test_a_torn_last_line_is_printed_too(stride: Any, logged: Any) -> None:
    with logged.log_path().open("a") as stream:
        stream.write("2026-01-31T12:3")
    assert stride("log", "exp/0").out.endswith("2026-01-31T12:3\n")


def test_records_are_taken_apart_in_json(stride: Any, logged: Any) -> None:
    with logged.log_path().open("a") as stream:
        stream.write(LINE.format(9, "one\n    two"))
    records = stride("log", "exp/0", "--json").json
    assert set(records[0]) == set(FIELDS) - {"[]"}
    assert records[-1]["message"] == "message one\ntwo"
    assert records[0]["module"] == "stride.training"


def test_a_run_without_a_log_says_what_it_is(stride: Any, tmp_path: Path) -> None:
    WorkDir(tmp_path / "exp").create({})
    answer = stride("log", "exp/0")
    sentence = "error: exp/0 has no log yet; stride fit exp/0 trains it\n"
    assert (answer.code, answer.err) == (2, sentence)


def test_a_rank_without_a_log_is_said(stride: Any, logged: Any) -> None:
    answer = stride("log", "exp/0", "--rank", "3")
    assert answer.code == 2
    assert answer.err.startswith("error: exp/0 has no log of rank 3; ")


def test_control_characters_in_a_log_reach_no_terminal(stride: Any, logged: Any) -> None:
    logged.log_path().write_text("\x1b[2J\n")
    assert stride("log", "exp/0").out == "\\x1b[2J\n"


def test_following_ends_with_the_run(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    command = [sys.executable, "-m", "stride", "log", "exp/0", "-f"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        with run.start():
            run.logs_path.mkdir()
            with run.log_path().open("w") as stream:
                for number in range(3):
                    stream.write(LINE.format(number, number))
                    stream.flush()
                    assert follower.stdout.readline().endswith(f"message {number}\n")
        assert follower.stdout.read() == ""
        assert follower.wait() == 0


def test_following_in_json_gives_each_record_whole_when_it_is_written(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    command = [sys.executable, "-m", "stride", "log", "exp/0", "-f", "--json"]
    answer = ""
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        with run.start():
            run.logs_path.mkdir()
            with run.log_path().open("w") as stream:
                for number in range(3):
                    stream.write(LINE.format(number, f"{number}\n    its second line"))
                    stream.flush()
                    answer += follower.stdout.readline() if number == 0 else ""
                    line = follower.stdout.readline()
                    assert f"message {number}\\nits second line" in line
                    answer += line
        answer += follower.stdout.read()
    assert [record["rank"] for record in json.loads(answer)] == [0, 0, 0]


def test_following_in_json_is_one_array(tmp_path: Path, logged: Any) -> None:
    command = [sys.executable, "-m", "stride", "log", "exp/0", "-f", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == 5
