"""A config that was trained already is noticed."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from stride.store.work_dir import WorkDir

SMALL = ("--config", "fit_kwargs.max_epochs=1", "--config", "model_kwargs.hidden_dims=4")
LINE = ("--config", "work_dir=exp", *SMALL)

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, inputs):
        return self.layer(inputs.flatten(1))
"""


def runs_in(tmp_path: Path) -> list[str]:
    return [run.name for run in WorkDir(tmp_path / "exp").runs()]


def test_a_second_training_is_noticed_and_skipped_where_that_is_asked_for(
    stride: Any, tmp_path: Path
) -> None:
    first = stride("fit", *LINE)
    assert "already" not in first.err
    again = stride("fit", *LINE, "--if-needed")
    assert (again.code, again.out) == (0, first.out)
    assert again.err.startswith("already run: exp/0 (completed, val_accuracy 0.")
    assert again.err.count("\n") == 1
    assert runs_in(tmp_path) == ["0"]
    answer = stride("fit", *LINE, "--if-needed", "--json").json
    assert (answer["address"], answer["already_run"]) == ("exp/0", True)
    assert answer["results"].keys() == {"test_loss", "test_accuracy"}
    second = stride("fit", *LINE, "--config", "log_kwargs.every=3")
    assert second.err.startswith("already run: exp/0 (completed")
    assert second.out.startswith("exp/1  ")
    other = stride("fit", *LINE, "--config", "seed=1", "--if-needed", "--json")
    assert (other.json["address"], other.json["already_run"]) == ("exp/2", False)
    assert "already" not in other.err


def test_other_code_is_said_and_trained(stride: Any, tmp_path: Path) -> None:
    net = tmp_path / "net.py"
    net.write_text(NET)
    line = (
        "--config",
        "work_dir=exp",
        "--config",
        "model_kwargs.model_name=net.py:Net",
        *SMALL[:2],
    )
    assert stride("fit", *line).code == 0
    net.write_text(NET + "\n# changed\n")
    answer = stride("fit", *line, "--if-needed")
    assert "same config, other code: exp/0 (completed, val_accuracy 0." in answer.err
    assert answer.out.startswith("exp/1  ")
    created = stride("create", *line)
    assert created.err.startswith("already run: exp/1 (completed")
    assert "; its data is not compared" in created.err


def test_what_has_not_come_to_its_end_is_not_trained_anew_but_gone_on_with(
    stride: Any, tmp_path: Path
) -> None:
    line = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=500")
    command = [sys.executable, "-m", "stride", "fit", *line]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr is not None
        for text in training.stderr:
            if text.startswith("[Epoch 2/"):
                break
        busy = stride("fit", *line, "--if-needed")
        training.send_signal(signal.SIGKILL)
        training.stderr.read()
    assert (busy.code, busy.out) == (2, "")
    assert busy.err.startswith("error: already running: exp/0 (running, val_accuracy 0.")
    for _ in range(2):
        answer = stride("fit", *line, "--if-needed")
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "error: already begun: exp/0 (crashed, val_accuracy" in answer.err
        assert answer.err.endswith("; stride resume exp/0 goes on; nothing was trained\n")
    assert runs_in(tmp_path) == ["0"]


def test_creation_is_idempotent_where_that_is_asked_for(stride: Any, tmp_path: Path) -> None:
    assert stride("create", *LINE).err == ""
    again = stride("create", *LINE, "--if-needed")
    assert (again.code, again.out) == (0, "exp/0\n")
    assert again.err == (
        "already created: exp/0; its data is not compared; stride fit exp/0 trains it\n"
    )
    assert stride("create", *LINE, "--if-needed", "--json").json["address"] == "exp/0"
    assert stride("create", *LINE).out == "exp/1\n"
    trained = stride("fit", "exp/0")
    assert trained.err.startswith("already created: exp/1")
    assert "already" not in stride("fit", *LINE, "--config", "seed=3").err
    assert runs_in(tmp_path) == ["0", "1", "2"]


def test_weights_to_begin_with_make_another_training(stride: Any, tmp_path: Path) -> None:
    assert stride("fit", *LINE).code == 0
    begun = stride("fit", *LINE, "--init-from", "exp/0", "--if-needed")
    assert (begun.out[:7], "already" in begun.err) == ("exp/1  ", False)
    again = stride("fit", *LINE, "--init-from", "exp/0", "--if-needed")
    assert (again.out[:7], runs_in(tmp_path)) == ("exp/1  ", ["0", "1"])
    plain = stride("fit", *LINE, "--if-needed")
    assert plain.out.startswith("exp/0  ")


def test_an_experiment_that_cannot_be_read_keeps_no_training_back(
    stride: Any, tmp_path: Path
) -> None:
    stride("create", *LINE)
    cache = tmp_path / "exp" / ".stride"
    for path in [*cache.iterdir()] if cache.exists() else []:
        path.write_bytes(b"\0\xff torn")
    (tmp_path / "exp" / "0" / "run.json").write_text("{")
    answer = stride("fit", *LINE)
    assert (answer.code, answer.out[:7]) == (0, "exp/1  ")
    assert "already" not in answer.err
