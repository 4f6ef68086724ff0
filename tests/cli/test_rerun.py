"""`stride rerun` and `stride verify`."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from stride.cli.rerun import FIELDS
from stride.cli.verification_page import FIELDS as VERIFICATION_FIELDS
from stride.store.work_dir import WorkDir

SMALL = ("--config", "fit_kwargs.max_epochs=2", "--config", "model_kwargs.hidden_dims=4")
IN_EXP = ("--config", "work_dir=exp", "--config", "log_kwargs.every=10", *SMALL)

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, inputs):
        return self.layer(inputs.flatten(1))
"""


def test_a_run_is_trained_again_and_found_identical(stride: Any, tmp_path: Path) -> None:
    assert stride("fit", *IN_EXP, "--config", "seed=3", "--config", "run=first").code == 0
    answer = stride("rerun", "exp/first", "--verify")
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0].startswith("exp/0  test_loss=")
    assert lines[1] == "identical: exp/0 and exp/first"
    assert "4 rows of steps.csv, 2 rows of metrics.csv, 2 rows of digests.csv" in lines[2]
    again = WorkDir(tmp_path / "exp").run(0)
    original = WorkDir(tmp_path / "exp").run("first")
    assert again.read_config() == original.read_config()
    record = again.read_record()
    assert record.chosen == original.read_record().chosen
    assert [(p.relation, p.run) for p in record.parents] == [("rerun", "first")]
    assert record.attempts[0].threads == original.read_record().attempts[0].threads


def test_a_run_of_several_attempts_compares_the_same(stride: Any, tmp_path: Path) -> None:
    settings = (*IN_EXP, "--config", "fit_kwargs.max_epochs=60")
    command = [sys.executable, "-m", "stride", "fit", *settings]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr is not None
        for text in training.stderr:
            if text.startswith("[Epoch 2/"):
                break
        training.send_signal(signal.SIGTERM)
        training.stderr.read()
    assert training.returncode == 75
    assert stride("resume", "exp/0").code == 0
    answer = stride("rerun", "exp/0", "--verify")
    assert (answer.code, answer.out.splitlines()[1]) == (0, "identical: exp/1 and exp/0")
    assert "60 rows of digests.csv" in answer.out


def test_code_that_changed_is_named_and_the_first_step_told(stride: Any, tmp_path: Path) -> None:
    net = tmp_path / "net.py"
    net.write_text(NET)
    own = ("--config", "model_kwargs.model_name=net.py:Net", "--config", "fit_kwargs.max_epochs=1")
    line = ("fit", "--config", "work_dir=exp", "--config", "log_kwargs.every=10", *own)
    assert stride(*line).code == 0
    net.write_text(NET.replace("return self", "return 1.001 * self"))
    answer = stride("rerun", "exp/0", "--verify", "--json")
    assert answer.code == 3
    assert set(answer.json) == set(FIELDS)
    found = answer.json["verification"]
    assert set(found) == set(VERIFICATION_FIELDS)
    assert (found["verdict"], found["holds"]) == ("parted", False)
    assert (found["parting"]["table"], found["parting"]["step"]) == ("steps.csv", 10)
    assert found["parting"]["absolute"] > 0
    (name,) = found["differing"]["code"]
    assert name.endswith("net.py:Net")
    assert answer.err.splitlines()[-1] == (
        "error: exp/1 does not agree with exp/0: they part between steps 1 and 10 (epoch 1)"
    )
    close = stride("verify", "exp/1", "exp/0", "--tolerance", "0.5")
    assert (close.code, close.out.startswith("within the tolerance: exp/1 and exp/0")) == (0, True)


def test_what_began_with_the_weights_of_another_begins_so_again(
    stride: Any, tmp_path: Path
) -> None:
    assert stride("fit", *IN_EXP).code == 0
    assert stride("fit", *IN_EXP, "--config", "seed=5", "--init-from", "exp/0").code == 0
    (tmp_path / "exp/0").rename(tmp_path / "exp/elsewhere")
    answer = stride("rerun", "exp/1", "--verify", "--config", "run=again")
    assert (answer.code, "identical: exp/again and exp/1" in answer.out) == (0, True)
    parents = WorkDir(tmp_path / "exp").run("again").read_record().parents
    assert [(p.relation, p.run) for p in parents] == [("rerun", "1"), ("weights", "elsewhere")]
    (tmp_path / "exp/elsewhere").rename(tmp_path / "away")
    gone = stride("rerun", "exp/1")
    assert (gone.code, gone.err.count("\n")) == (2, 1)
    assert "began with what exp/0 had learned, which is removed" in gone.err


def test_a_rerun_changes_nothing_that_can_change_the_result(stride: Any, tmp_path: Path) -> None:
    assert stride("fit", *IN_EXP).code == 0
    answer = stride("rerun", "exp/0", "--config", "seed=4")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "stride fit --parent exp/0 --config seed=..." in answer.err
    assert [run.name for run in WorkDir(tmp_path / "exp").runs()] == ["0"]
    elsewhere = ("--config", "work_dir=other", "--config", "log_kwargs.level=DEBUG")
    assert stride("rerun", "exp/0", "--verify", *elsewhere).out.startswith("other/0  ")


def test_what_cannot_be_verified_is_said_in_a_sentence(stride: Any) -> None:
    stride("create", *IN_EXP)
    stride("create", *IN_EXP)
    for arguments in (("exp/0", "exp/0"), ("exp/0", "exp/1"), ("exp/0", "exp/7")):
        answer = stride("verify", *arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert (
        "takes a number from 0 to 1" in stride("verify", "exp/0", "exp/1", "--tolerance", "x").err
    )
