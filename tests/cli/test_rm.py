"""`stride rm`, `trash`, `restore` and `purge`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.store.work_dir import WorkDir


@pytest.fixture
def runs(trained: Any) -> None:
    for value in (0.1, 0.2, 0.3):
        trained(value)
    trained(0.4, name="baseline")


@pytest.mark.usefixtures("runs")
def test_a_run_goes_is_listed_and_comes_back(stride: Any) -> None:
    gone = stride("rm", "exp/1", "exp/baseline")
    assert gone.out == "exp/1  moved to the trash\nexp/baseline  moved to the trash\n"
    assert "stride restore exp/1 brings it back" in gone.err
    lines = stride("trash", "exp").out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "1", "baseline"]
    assert [run["run"] for run in stride("list", "exp", "--json").json] == ["2", "0"]
    assert stride("restore", "exp/1", "exp/baseline").out == (
        "exp/1  restored\nexp/baseline  restored\n"
    )
    assert stride("trash", "exp").err == "no runs are in the trash of exp\n"
    assert stride("show", "exp/1").code == 0


@pytest.mark.usefixtures("runs")
def test_every_answer_comes_as_json(stride: Any) -> None:
    (removed,) = stride("rm", "exp/2", "--json").json
    (listed,) = stride("trash", "exp", "--json").json
    assert {key: listed[key] for key in removed} == removed
    assert (listed["run"], listed["number"], listed["address"]) == ("2", 2, "exp/2")
    assert listed["size"] > 500
    (restored,) = stride("restore", "exp/2", "--json").json
    assert restored["id"] == listed["id"]
    stride("rm", "exp/2")
    dry = stride("purge", "exp", "--dry-run", "--json").json
    assert (dry["done"], dry["freed"]) == (False, listed["size"])
    assert stride("purge", "exp", "--yes", "--json").json == {**dry, "done": True}
    assert stride("purge", "exp", "--yes", "--json").json["runs"] == []


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("exp/latest", "means another run tomorrow"),
        ("exp/best", "means another run tomorrow"),
        ("exp/best:val_loss", "means another run tomorrow"),
        ("exp", "is an experiment: name its runs"),
        ("exp/9", "run 9 is not in exp"),
        ("exp/7-9", "no run of exp is in exp/7-9"),
        ("exp/..", "not the address of a run"),
        ("elsewhere/1", "there is no experiment elsewhere"),
    ],
)
def test_what_is_not_named_for_sure_is_not_removed(stride: Any, address: str, text: str) -> None:
    answer = stride("rm", "exp/0", address)
    assert (answer.code, answer.out) == (2, "")
    assert text in answer.err
    assert stride("trash", "exp", "--json").json == []


@pytest.mark.usefixtures("runs")
def test_ranges_take_what_is_there(stride: Any) -> None:
    stride("rm", "exp/1")
    assert [each["run"] for each in stride("rm", "exp/0-5", "--json").json] == ["0", "2"]
    assert [each["run"] for each in stride("restore", "exp/1-9", "--json").json] == ["1", "2"]


@pytest.mark.usefixtures("runs")
def test_of_several_none_goes_where_one_trains(stride: Any, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    with run.start():
        answer = stride("rm", "exp/0", f"exp/{run.name}")
    assert (answer.code, answer.out) == (2, "")
    assert "exp/3 is being trained by process" in answer.err
    assert stride("trash", "exp", "--json").json == []


@pytest.mark.usefixtures("runs")
def test_of_several_of_one_name_one_is_chosen_by_its_id(stride: Any, trained: Any) -> None:
    (first,) = stride("rm", "exp/baseline", "--json").json
    trained(name="baseline")
    (second,) = stride("rm", "exp/baseline", "--json").json
    answer = stride("restore", "exp/baseline")
    assert answer.code == 2
    assert f"2 runs in the trash were exp/baseline: {first['id'][:12]}" in answer.err
    (restored,) = stride("restore", "exp/baseline", "--id", second["id"][:8], "--json").json
    assert restored["id"] == second["id"]
    assert stride("restore", "exp/baseline").code == 2
    (other,) = stride("restore", "exp/baseline", "--as", "older", "--json").json
    assert (other["run"], other["id"]) == ("older", first["id"])


@pytest.mark.usefixtures("runs")
def test_restoring_what_is_not_there_or_not_free_is_one_sentence(stride: Any, trained: Any) -> None:
    stride("rm", "exp/baseline", "exp/0")
    trained(name="baseline")
    for arguments, text in (
        (["exp/1"], "run 1 is not in the trash of exp; stride trash exp lists what is"),
        (["exp/baseline"], "exp/baseline exists"),
        (["exp/0", "--id", "zz"], "has an id that begins with zz"),
        (["exp/0", "exp/baseline", "--as", "x"], "are for one run"),
        (["exp/0", "--as", "5"], "digits always mean a run that exists"),
        (["exp/0", "--as", "../x"], "cannot be named"),
        (["exp"], "the current folder is no experiment"),
    ):
        answer = stride("restore", *arguments)
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer.err
        assert text in answer.err
    assert len(stride("trash", "exp", "--json").json) == 2


@pytest.mark.usefixtures("runs")
def test_purging_needs_a_word_and_says_what_it_frees(stride: Any) -> None:
    stride("rm", "exp/0", "exp/1", "exp/baseline")
    asked = stride("purge", "exp")
    assert asked.code == 2
    assert "delete 3 runs for good" in asked.err
    assert "--yes" in asked.err
    assert stride("purge", "exp", "--dry-run").out.endswith("would be freed\n")
    assert len(stride("trash", "exp", "--json").json) == 3
    assert (
        stride("purge", "exp", "0", "baseline", "--yes").out.splitlines()[-1].startswith("2 runs")
    )
    assert [each["run"] for each in stride("trash", "exp", "--json").json] == ["1"]
    assert stride("purge", "exp/1", "--yes").code == 0
    assert stride("purge", "exp", "--yes").err == "the trash of exp is empty\n"
    assert stride("restore", "exp/0").code == 2


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "arguments", [["exp", "9"], ["exp", "exp/0"], ["exp/0"], ["nowhere"], ["exp", "../exp"]]
)
def test_purging_what_is_not_in_the_trash_deletes_nothing(
    stride: Any, arguments: list[str]
) -> None:
    stride("rm", "exp/1")
    assert stride("purge", *arguments, "--yes").code == 2
    assert len(stride("trash", "exp", "--json").json) == 1
    assert len(stride("list", "exp", "--json").json) == 3


@pytest.mark.usefixtures("runs")
def test_what_a_purge_cut_short_left_is_finished_by_the_next(stride: Any) -> None:
    stride("rm", "exp/1")
    Path("exp/.trash/1").rename("exp/.trash/.purging-1-ab")
    assert "are left over; stride purge exp deletes them" in stride("trash", "exp").err
    assert stride("purge", "exp", "--yes").code == 0
    assert list(Path("exp/.trash").iterdir()) == []


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(("word", "left"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_it_asks(stride: Any, tmp_path: Path, word: str, left: int) -> None:
    stride("rm", "exp/1")
    ours, theirs = pty.openpty()
    purge = subprocess.Popen(
        [sys.executable, "-m", "stride", "purge", "exp"],
        cwd=tmp_path,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
    )
    os.close(theirs)
    os.write(ours, f"{word}\n".encode())
    purge.communicate()
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert b"Delete 1 run for good and free" in said
    assert purge.returncode == (2 if left else 0)
    assert len(stride("trash", "exp", "--json").json) == left


def test_a_run_in_the_trash_of_another_experiment_stays(stride: Any, trained: Any) -> None:
    trained()
    stride("rm", "exp/0")
    WorkDir("other").create({})
    assert stride("restore", "other/0").code == 2
    assert stride("purge", "other", "--yes").code == 0
    assert len(stride("trash", "exp", "--json").json) == 1


@pytest.mark.usefixtures("runs")
def test_what_a_query_finds_is_shown_and_needs_a_word(stride: Any) -> None:
    query = ("exp", "--where", "val_accuracy < 0.25")
    asked = stride("rm", *query)
    assert (asked.code, len(asked.out.splitlines())) == (2, 3)
    assert "move 2 runs to the trash" in asked.err
    dry = stride("rm", *query, "--dry-run")
    assert (dry.code, dry.err) == (0, "2 runs would be moved to the trash\n")
    assert [run["run"] for run in stride("rm", *query, "--dry-run", "--json").json] == ["0", "1"]
    assert stride("trash", "exp", "--json").json == []
    assert [run["run"] for run in stride("rm", *query, "--yes", "--json").json] == ["0", "1"]
    assert [run["run"] for run in stride("list", "exp", "--json").json] == ["baseline", "2"]
    assert stride("rm", *query, "--yes").err == "there is no such run\n"


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "arguments",
    [["exp/0", "--where", "lr > 0"], ["exp", "--where", "lr ="], ["exp", "--where", ""]],
)
def test_a_query_that_makes_no_sense_removes_nothing(stride: Any, arguments: list[str]) -> None:
    answer = stride("rm", *arguments, "--yes")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert stride("trash", "exp", "--json").json == []
