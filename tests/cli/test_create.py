"""`stride create`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.create import FIELDS
from stride.store.work_dir import WorkDir


def test_it_prints_the_address_of_the_next_number(stride: Any) -> None:
    outputs = [stride("create", "--config", "work_dir=exp").out for _ in range(3)]
    assert outputs == ["exp/0\n", "exp/1\n", "exp/2\n"]


def test_the_run_holds_its_whole_config_and_how_it_was_asked_for(
    stride: Any, tmp_path: Path
) -> None:
    stride("create", "-c", "work_dir=exp", "-c", "model_kwargs.model_name=ResNet", "-c", "seed=3")
    run = WorkDir(tmp_path / "exp").run(0)
    assert run.read_config()["model_kwargs"]["model_name"] == "ResNet"
    record = run.read_record()
    assert record.overrides == ("model_kwargs.model_name=ResNet", "seed=3")
    assert record.chosen == ("model_kwargs.model_name", "seed")


def test_files_come_before_overrides_and_removals_give_defaults_back(
    stride: Any, tmp_path: Path
) -> None:
    (tmp_path / "base.yaml").write_text("seed: 5\noptimizer_kwargs:\n  lr: 0.5\n")
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "config.json").write_text('{"format": 1, "fit_kwargs": {"max_epochs": 9}}')
    stride(
        "create",
        *("--config", "work_dir=exp", "--config", "seed=6"),
        *("--config-file", "base.yaml", "--remove", "fit_kwargs.max_epochs"),
    )
    run = WorkDir(tmp_path / "exp").run(0)
    config = run.read_config()
    assert (config["seed"], config["optimizer_kwargs"]["lr"]) == (6, 0.5)
    assert config["fit_kwargs"]["max_epochs"] == 20
    assert run.read_record().overrides == (
        "--config-file base.yaml",
        "seed=6",
        "--remove fit_kwargs.max_epochs",
    )


def test_a_named_run_and_the_current_folder(
    stride: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stride("init", "exp")
    monkeypatch.chdir(tmp_path / "exp")
    assert stride("create", "--config", "run=baseline").out == "./baseline\n"
    assert stride("show", "baseline").out.startswith("./baseline  created")


def test_the_fields_are_those_that_are_documented(stride: Any) -> None:
    answer = stride("create", "--config", "work_dir=exp", "--json").json
    assert set(answer) == set(FIELDS)
    assert (answer["address"], answer["status"]) == ("exp/0", "created")


READING = (
    ["--help"],
    ["create", "--config", "work_dir=exp"],
    ["list", "exp"],
    ["show", "exp/0"],
    ["diff", "exp/0", "exp/1"],
    ["keys"],
    ["version"],
)


@pytest.mark.parametrize("arguments", READING, ids=lambda arguments: arguments[0])
def test_reading_and_creating_import_no_torch(tmp_path: Path, arguments: list[str]) -> None:
    for _ in range(2):
        WorkDir(tmp_path / "exp").create({"seed": 0})
    script = (
        "import sys\n"
        "from stride.cli.app import app\n"
        "try:\n    app(sys.argv[1:], prog_name='stride')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_a_module_prints_is_no_part_of_the_answer(stride: Any, tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "print('hello')\nfrom torch import nn\nclass Net(nn.Module): ...\n"
    )
    answer = stride(
        "create",
        "--json",
        "--config",
        "work_dir=exp",
        "--config",
        "model_kwargs.model_name=loud.py:Net",
    )
    assert answer.json["status"] == "created"
    assert "hello" in answer.err
