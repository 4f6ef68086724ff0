"""`stride list`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.list import FIELDS
from stride.store.work_dir import WorkDir

DIE = """
import os, signal, sys
from stride.store.work_dir import WorkDir
run = WorkDir(sys.argv[1]).create({"seed": 1})
with run.start() as attempt:
    attempt.sign(step=7, epoch=1, max_epochs=3)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def columns(line: str) -> list[str]:
    return line.split()


def test_a_run_is_a_row_with_status_progress_and_best_metric(stride: Any, trained: Any) -> None:
    trained(0.93127)
    heading, row = stride("list", "exp").out.splitlines()[:2]
    assert "best val_accuracy" in heading
    assert columns(row)[0] == "0"
    assert "completed" in row
    assert "epoch 2/2" in row
    assert row.endswith("0.9313")


def test_the_config_keys_that_differ_are_columns_and_no_others(stride: Any, trained: Any) -> None:
    trained()
    trained(optimizer_kwargs={"lr": 0.01}, model_kwargs={"hidden_dims": [8, 8]})
    lines = stride("list", "exp").out.splitlines()
    assert lines[0].split()[-2:] == ["lr", "hidden_dims"]
    assert lines[1].split()[-2:] == ["0.01", "[8,8]"]
    assert "seed" not in lines[0]


def test_the_newest_come_first_and_the_rest_are_counted(stride: Any, trained: Any) -> None:
    for _ in range(4):
        trained()
    lines = stride("list", "exp", "--limit", "2").out.splitlines()
    assert [columns(line)[0] for line in lines[1:3]] == ["3", "2"]
    assert lines[-1] == "2 newest of 4 runs; --limit 0 lists all"
    assert len(stride("list", "exp", "--limit", "0").out.splitlines()) == 5


def test_thirty_are_shown_and_all_in_json(stride: Any, tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for _ in range(31):
        experiment.create({"seed": 0})
    assert stride("list", "exp").out.splitlines()[-1].startswith("30 newest of 31 runs")
    assert [run["number"] for run in stride("list", "exp", "--json").json] == list(
        range(30, -1, -1)
    )


def test_folders_that_are_no_runs_are_neither_listed_nor_counted(
    stride: Any, trained: Any, tmp_path: Path
) -> None:
    trained()
    for name in ("7", "figures"):
        (tmp_path / "exp" / name).mkdir()
    assert len(stride("list", "exp").out.splitlines()) == 2
    trained()
    lines = stride("list", "exp", "--limit", "1").out.splitlines()
    assert lines[-1].startswith("1 newest of ")


def test_a_killed_run_is_crashed_with_its_reason(stride: Any, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIE, str(tmp_path / "exp")], check=False)
    assert done.returncode == -signal.SIGKILL
    lines = stride("list", "exp").out.splitlines()
    assert "crashed" in lines[1]
    assert lines[-1].startswith("run 0: crashed (killed from outside; ")


def test_a_run_that_is_alive_is_running(stride: Any, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"seed": 1})
    with run.start():
        assert stride("list", "exp", "--json").json[0]["life"] == "alive"
        assert "running" in stride("list", "exp").out


@pytest.mark.parametrize("file", ["config.json", "run.json"])
@pytest.mark.parametrize("content", ["", '{"format": 1, ', "[]", "not JSON", '{"format": 99}'])
def test_an_unreadable_run_is_marked_and_the_others_are_listed(
    stride: Any, trained: Any, file: str, content: str
) -> None:
    trained()
    broken = trained()
    (broken.path / file).write_text(content)
    answer = stride("list", "exp")
    assert answer.code == 0
    assert "unreadable" in answer.out.splitlines()[1]
    assert "completed" in answer.out.splitlines()[2]
    assert answer.out.splitlines()[-1].startswith("run 1 cannot be read: ")
    marked = stride("list", "exp", "--json").json[0]
    assert (marked["status"], file in marked["problem"]) == ("unreadable", True)


def test_the_fields_are_those_that_are_documented(stride: Any, trained: Any) -> None:
    trained()
    assert set(stride("list", "exp", "--json").json[0]) == set(FIELDS) - {"[]"}


def test_the_current_folder_is_meant_where_it_is_an_experiment(stride: Any, trained: Any) -> None:
    trained()
    os.chdir("exp")
    assert "completed" in stride("list").out


def test_elsewhere_an_experiment_is_asked_for(stride: Any) -> None:
    answer = stride("list")
    assert answer.code == 2
    assert answer.err.startswith("error: the current folder is no experiment: name one, ")


def test_an_experiment_without_runs_says_so_beside_an_empty_answer(stride: Any) -> None:
    stride("init", "exp")
    answer = stride("list", "exp")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "exp has no runs yet; stride fit --config work_dir=exp makes one\n"
    assert stride("list", "exp", "--json").json == []


def test_a_read_only_experiment_is_listed(stride: Any, trained: Any, tmp_path: Path) -> None:
    run = trained()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "exp").rglob("*")}
    for folder in (run.path, tmp_path / "exp"):
        folder.chmod(0o555)
    try:
        assert "completed" in stride("list", "exp").out
    finally:
        for folder in (run.path, tmp_path / "exp"):
            folder.chmod(0o755)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "exp").rglob("*")} == before


def test_control_characters_in_a_config_reach_no_terminal(stride: Any, trained: Any) -> None:
    trained()
    trained(model_kwargs={"model_name": "\x1b]0;owned\x07"})
    assert "\x1b" not in stride("list", "exp").out
    assert json.loads(stride("list", "exp", "--json").out)


@pytest.mark.parametrize("limit", ["-1", "ten", "1.5", ""])
def test_a_limit_is_a_whole_number(stride: Any, trained: Any, limit: str) -> None:
    trained()
    answer = stride("list", "exp", "--limit", limit)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"error: --limit takes a whole number of at least 0, not {limit!r}\n"
