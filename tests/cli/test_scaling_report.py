"""`stride report --scaling`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.scaling_report import FIELDS
from stride.store.work_dir import WorkDir
from tests.report.trained_runs import trained


@pytest.fixture
def scaled(tmp_path: Path) -> Path:
    """The experiment `exp`: a training on 1 and on 2 ranks."""
    trained(tmp_path / "exp", 1, [1.0, 1000.0])
    trained(tmp_path / "exp", 2, [1.0, 1500.0])
    return tmp_path / "exp"


def test_the_table_has_throughput_speed_up_and_efficiency(stride: Any, scaled: Path) -> None:
    answer = stride("report", "--scaling", "exp")
    assert answer.code == 0
    heading, one, two = (line.split() for line in answer.out.splitlines())
    assert heading[:3] == ["ranks", "machines", "threads"]
    assert heading[3:] == ["samples/s", "speed-up", "efficiency", "epochs", "runs"]
    assert one == ["1", "1", "1", "1,000", "1.00", "100%", "1", "0"]
    assert two == ["2", "1", "1", "1,500", "1.50", "75%", "1", "1"]


def test_the_fields_are_those_that_the_page_lists(stride: Any, scaled: Path) -> None:
    found = stride("report", "exp", "--scaling", "--json").json
    assert found.keys() == FIELDS.keys()
    (comparison,) = found["comparisons"]
    for name in (*comparison, *comparison["points"][0]):
        assert f"`{name}" in FIELDS["comparisons"], name
    assert comparison["points"][1]["speed_up"] == 1.5


def test_keys_that_may_differ_are_columns(stride: Any, tmp_path: Path) -> None:
    trained(tmp_path / "exp", 1, [1.0, 10.0], seed=1)
    trained(tmp_path / "exp", 2, [1.0, 10.0], seed=2)
    assert "--except seed" in stride("report", "--scaling", "exp").err
    lines = stride("report", "--scaling", "exp", "--except", "seed").out.splitlines()
    assert [line.split()[3] for line in lines] == ["seed", "1", "2"]


def test_what_is_marked_or_left_out_is_said_below(stride: Any, tmp_path: Path) -> None:
    trained(tmp_path / "exp", 1, [10.0])
    trained(tmp_path / "exp", 2, [1.0, 10.0])
    for _ in range(7):
        WorkDir(tmp_path / "exp").create({})
    out = stride("report", "--scaling", "exp").out
    assert "10*" in out
    assert "* the first epochs" in out
    assert "left out: runs 2, 3, 4, 5, 6 and 2 more, not trained" in out


def test_trainings_are_told_apart_by_their_settings(stride: Any, scaled: Path) -> None:
    for ranks in (1, 2):
        trained(scaled, ranks, [1.0, 10.0], seed=5)
    lines = stride("report", "--scaling", "exp").out.splitlines()
    assert lines[0] == "seed=0"
    assert lines[4:6] == ["", "seed=5"]


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_a_picture_is_written_and_not_over_another_file(
    stride: Any, scaled: Path, tmp_path: Path, name: str
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra `report`")
    arguments = ("report", "--scaling", "exp", "-o", name)
    answer = stride(*arguments, "--json")
    assert (answer.code, answer.json["picture"]) == (0, name)
    written = (tmp_path / name).read_bytes()
    assert len(written) > 1000
    again = stride(*arguments)
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err
    assert (tmp_path / name).read_bytes() == written


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--scaling", "exp", "--where", "seed = 1"), "leave out --where"),
        (("exp", "--except", "seed"), "--except belongs to --scaling"),
        (("--scaling", "nowhere"), "nowhere"),
        (("--scaling", "exp", "-o", "a.pdf"), "a picture is a .png or .svg"),
        (("--scaling", "exp", "-o", "no/a.png"), "there is no folder no"),
        (("--scaling", "exp", "--except", "sede"), "did you mean seed"),
    ],
)
def test_wrong_usage_is_one_sentence(
    stride: Any, scaled: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    answer = stride("report", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err


def test_where_nothing_can_be_compared_the_answer_is_the_reason(
    stride: Any, tmp_path: Path
) -> None:
    trained(tmp_path / "exp", 1, [1.0, 10.0])
    answer = stride("report", "--scaling", "exp")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("nothing to compare: every run was trained on 1 rank; train")
    found = stride("report", "--scaling", "exp", "--json").json
    assert found["comparisons"] == []
    assert answer.err.strip() == found["reason"]
    refused = stride("report", "--scaling", "exp", "-o", "a.png")
    assert (refused.code, (tmp_path / "a.png").exists()) == (2, False)
    assert "there is no picture: nothing to compare" in refused.err


def test_matplotlib_is_loaded_for_a_picture_only(scaled: Path, tmp_path: Path) -> None:
    code = """
import sys
sys.modules["matplotlib"] = None  # as where it is not installed
from stride.__main__ import main
main()
"""
    command = [sys.executable, "-c", code, "report", "--scaling", "exp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
    command += ["-o", "a.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "pip install 'stride-experiments[report]'" in done.stderr
    assert list(tmp_path.glob("a.svg")) == []


def test_a_real_training_is_reported(stride_process: Any) -> None:
    common = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=2")
    common += ("--config", "device=cpu", "--config", "log_kwargs.progress=false")
    for more in ((), ("--nproc-per-node", "2")):
        done = stride_process("fit", *common, *more)
        assert done.code == 0, done.err
    (comparison,) = stride_process("report", "--scaling", "exp", "--json").json["comparisons"]
    assert [(point["ranks"], point["epochs"]) for point in comparison["points"]] == [(1, 1), (2, 1)]
