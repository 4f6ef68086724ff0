"""`stride plot`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.cli.plot import FIELDS
from stride.store.run import Run
from stride.store.work_dir import WorkDir

LINE_FIELDS = ("metric", "label", "runs", "x", "y", "low", "high", "counts")


@pytest.fixture
def several(trained: Callable[..., Run]) -> list[Run]:
    """Four runs: two learning rates, two seeds."""
    return [
        trained(0.5 + place / 10, seed=place % 2, optimizer_kwargs={"lr": 0.1 + place // 2})
        for place in range(4)
    ]


def test_runs_that_are_named_are_drawn(stride: Any, several: list[Run]) -> None:
    answer = stride("plot", "exp/0", "exp/3", "--metric", "val_accuracy")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "val_accuracy"
    assert lines[-2:] == ["  a 0  lr=0.1 seed=0", "  b 3  lr=1.1 seed=1"]


def test_json_holds_the_points_and_the_fields_that_the_page_lists(
    stride: Any, several: list[Run]
) -> None:
    found = stride("plot", "exp", "--group-by", "config", "--json").json
    assert found.keys() == FIELDS.keys()
    (panel,) = found["panels"]
    assert [line["runs"] for line in panel["lines"]] == [["exp/0", "exp/1"], ["exp/2", "exp/3"]]
    assert all(f"`{name}`" in FIELDS["panels"] for name in LINE_FIELDS)
    assert tuple(panel["lines"][0]) == LINE_FIELDS
    assert panel["lines"][0]["y"] == pytest.approx([0.55, 0.55])
    assert panel["lines"][0]["counts"] == [2, 2]


def test_an_experiment_means_its_newest_runs(stride: Any, several: list[Run]) -> None:
    answer = stride("plot", "exp", "--limit", "2", "--json")
    assert answer.err == "2 newest of 4 runs; --limit 0 takes all\n"
    lines = answer.json["panels"][0]["lines"]
    assert [line["runs"] for line in lines] == [["exp/2"], ["exp/3"]]


def test_an_experiment_means_the_runs_of_a_query(stride: Any, several: list[Run]) -> None:
    answer = stride("plot", "exp", "--where", "val_accuracy > 0.55", "--sort", "best", "--json")
    lines = answer.json["panels"][0]["lines"]
    assert [line["runs"] for line in lines] == [["exp/3"], ["exp/2"], ["exp/1"]]


def test_the_current_folder_may_be_the_experiment(
    stride: Any, several: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(several[0].work_dir)
    assert len(stride("plot", "--json").json["panels"][0]["lines"]) == 4
    assert len(stride("plot", "1", "--json").json["panels"][0]["lines"]) == 1


def test_a_run_that_is_named_twice_is_drawn_once(stride: Any, several: list[Run]) -> None:
    found = stride("plot", "exp/1", "exp", "exp/1", "--json").json
    assert [line["runs"] for line in found["panels"][0]["lines"]] == [
        ["exp/1"],
        ["exp/0"],
        ["exp/2"],
        ["exp/3"],
    ]


def test_what_is_not_drawn_is_said_beside(stride: Any, several: list[Run]) -> None:
    several[1].metrics_path.unlink()
    answer = stride("plot", "exp")
    assert answer.code == 0
    assert answer.err == "exp/1 has no metrics yet\n"


def test_runs_without_any_curve_are_no_error(stride: Any, tmp_path: Path) -> None:
    WorkDir(tmp_path / "exp").create({})
    answer = stride("plot", "exp")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "exp/0 has no metrics yet\n"
    refused = stride("plot", "exp", "-o", "a.png")
    assert (refused.code, (tmp_path / "a.png").exists()) == (2, False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("exp/9",), "run 9 is not in exp"),
        (("nowhere/1",), "there is no experiment nowhere"),
        (("exp", "--metric", "val_acuracy"), "did you mean val_accuracy"),
        (("exp", "--by", "hours"), "--by is step or epoch or time"),
        (("exp", "--smoothing", "1"), "from 0 to below 1"),
        (("exp", "--smoothing", "much"), "from 0 to below 1"),
        (("exp", "--spread", "wide"), "--spread is range or deviation"),
        (("exp", "--group-by", "sede"), "did you mean seed"),
        (("exp", "--where", "val_accuracy >"), "the query ends"),
        (("exp", "--where", "val_accuracy > 7"), "no run of which this is true"),
        (("exp/0", "--where", "val_accuracy > 0"), "name one"),
        (("exp", "--limit", "few"), "--limit takes a whole number"),
        (("exp", "-o", "a.gif"), "a picture is a .png or .svg or .pdf"),
    ],
)
def test_wrong_usage_is_one_sentence(
    stride: Any, several: list[Run], arguments: tuple[str, ...], sentence: str
) -> None:
    answer = stride("plot", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_a_picture_is_written_and_not_over_another_file(
    stride: Any, several: list[Run], tmp_path: Path, name: str
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra `report`")
    answer = stride("plot", "exp", "-o", name, "--json")
    assert (answer.code, answer.json["picture"]) == (0, name)
    written = (tmp_path / name).read_bytes()
    again = stride("plot", "exp", "-o", name)
    assert (again.code, again.out) == (2, "")
    assert (tmp_path / name).read_bytes() == written


def test_matplotlib_is_loaded_for_a_picture_only(several: list[Run], tmp_path: Path) -> None:
    code = """
import sys
sys.modules["matplotlib"] = None  # as where it is not installed
from stride.__main__ import main
main()
"""
    command = [sys.executable, "-c", code, "plot", "exp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
    command += ["-o", "a.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "pip install 'stride-experiments[report]'" in done.stderr
    assert list(tmp_path.glob("a.svg")) == []
