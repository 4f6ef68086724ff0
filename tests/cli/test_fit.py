"""`stride fit`."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.fit import FIELDS
from stride.store.work_dir import WorkDir

SHORT = ("--config", "fit_kwargs.max_epochs=1", "--config", "model_kwargs.hidden_dims=8")
IN_EXP = ("--config", "work_dir=exp", *SHORT)

BROKEN_NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, inputs):
        print("about to divide")
        raise ZeroDivisionError("by zero")
"""


def test_a_run_is_made_and_trained(stride: Any, tmp_path: Path) -> None:
    answer = stride("fit", *IN_EXP)
    assert answer.code == 0
    assert answer.out.startswith("exp/0  test_loss=")
    assert "[Epoch 1/1] lr=0.00100 | train_loss=" in answer.err
    run = WorkDir(tmp_path / "exp").run(0)
    assert run.status().word == "completed"
    assert run.read_results().keys() == {"test_loss", "test_accuracy"}


def test_a_run_of_a_few_steps_has_its_progress_whole(stride: Any) -> None:
    progress = stride("fit", *IN_EXP, "--json").json["progress"]
    assert (progress["epoch"], progress["max_epochs"]) == (1, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_the_final_metrics_are_said_once(tmp_path: Path) -> None:
    import pty  # deferred: Windows has no such module

    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "stride", "fit", *IN_EXP]
    with subprocess.Popen(command, cwd=tmp_path, stdout=terminal, stderr=terminal) as training:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # what Linux says when the other end is closed
            while piece := os.read(screen, 1 << 16):
                shown += piece
    os.close(screen)
    text = shown.decode()
    assert training.returncode == 0
    assert text.count("test_accuracy=") == 1
    line = r"exp/0  completed in \S+  best val_accuracy=0\.\d{4} \(epoch 1\)\r\n"
    assert re.search(rf"(\n|\x1b\[2K){line}", text)  # where the bar was, or below it


def test_the_answer_in_json_is_all_of_standard_output(stride: Any) -> None:
    answer = stride("fit", *IN_EXP, "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["results"].keys() == {"test_loss", "test_accuracy"}


def test_a_created_run_is_trained_where_it_is(stride: Any, tmp_path: Path) -> None:
    address = stride("create", *IN_EXP).out.strip()
    assert stride("fit", address).out.startswith("exp/0  test_loss=")
    assert [run.name for run in WorkDir(tmp_path / "exp").runs()] == ["0"]


def test_a_completed_run_is_closed_and_the_right_command_is_named(stride: Any) -> None:
    stride("fit", *IN_EXP)
    answer = stride("fit", "exp/0")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "exp/0 is completed" in answer.err
    assert "stride load-run exp/0" in answer.err


def test_a_name_is_kept_and_no_second_run_gets_it(stride: Any) -> None:
    assert stride("fit", *IN_EXP, "--config", "run=run").out.startswith("exp/run  ")
    answer = stride("fit", *IN_EXP, "--config", "run=run")
    assert answer.err.startswith("error: exp/run exists already: give another name")


def test_the_same_config_twice_gives_the_same_weights(stride: Any, tmp_path: Path) -> None:
    stride("fit", *IN_EXP)
    stride("fit", *IN_EXP)
    first, second = (WorkDir(tmp_path / "exp").run(number) for number in (0, 1))
    assert first.weights_file("best").read_bytes() == second.weights_file("best").read_bytes()


def test_what_fails_in_the_users_code_fails_the_run(stride: Any, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BROKEN_NET)
    own = ("--config", "work_dir=exp", "--config", "model_kwargs.model_name=net.py:Net")
    answer = stride("fit", *own)
    assert (answer.code, answer.out) == (1, "")
    assert 'net.py", line 11, in forward' in answer.err
    assert answer.err.splitlines()[-1] == (
        "error: exp/0 failed: ZeroDivisionError: by zero; stride log exp/0 shows its log"
    )
    assert "about to divide" in answer.err
    assert stride("list", "exp", "--json").json[0]["status"] == "failed"


def test_progress_can_be_silenced(stride: Any) -> None:
    assert "[Epoch" not in stride("fit", *IN_EXP, "--config", "log_kwargs.progress=false").err


def test_the_commands_of_the_readme_in_an_empty_folder(stride_process: Any, tmp_path: Path) -> None:
    few = ("--config", "fit_kwargs.max_steps=2")
    model = ("--config", "model_kwargs.model_name=ResNet")
    assert stride_process("fit", "--config", "work_dir=exp", *model, *few).code == 0
    assert stride_process("load-run", "exp/0").out.startswith("exp/0  completed")
    assert "completed" in stride_process("list", "exp").out
    named = ("--config", "work_dir=work_dir", "--config", "run=run", *model, *few)
    assert stride_process("fit", *named).out.startswith("work_dir/run  ")
    assert (tmp_path / "work_dir" / "run" / "results" / "metrics.json").exists()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_training_that_is_ended_is_told_as_it_was(tmp_path: Path, end: signal.Signals) -> None:
    long = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=100000")
    command = [sys.executable, "-m", "stride", "fit", *long]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr is not None
        for line in training.stderr:
            if line.startswith("[Epoch 2/"):
                break
        training.send_signal(end)
        rest = training.stderr.read()
    verdict = WorkDir(tmp_path / "exp").run(0).status()
    if end is signal.SIGINT:
        assert (training.returncode, verdict.word) == (130, "stopped")
        ending = (
            r"\nerror: interrupted; exp/0 is stopped after step \d+; stride resume exp/0 goes on\n$"
        )
        assert re.search(ending, rest)
    else:
        assert (training.returncode, verdict.word) == (-signal.SIGKILL, "crashed")


def test_the_line_of_a_job_script_makes_the_run_and_then_says_that_it_is_done(
    stride: Any, tmp_path: Path
) -> None:
    line = ("fit", *IN_EXP, "--config", "run=long", "--resume")
    first, second = stride(*line), stride(*line)
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    assert second.err == "exp/long is completed already\n"
    assert len(WorkDir(tmp_path / "exp").run("long").read_record().attempts) == 1
    assert stride(*line, "--json").json["results"].keys() == {"test_loss", "test_accuracy"}
    other = stride(*line, "--config", "fit_kwargs.max_epochs=2")
    assert (other.code, other.out) == (2, "")
    assert "completed with fit_kwargs.max_epochs=1, and not 2" in other.err
    assert "stride fit --continue exp/long --config fit_kwargs.max_epochs=2" in other.err


def test_a_scheduler_gets_75_and_the_same_line_goes_on_to_the_same_bits(
    stride: Any, tmp_path: Path
) -> None:
    settings = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=100")
    line = ("fit", *settings, "--config", "run=job", "--resume")
    command = [sys.executable, "-m", "stride", *line]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr is not None
        for text in training.stderr:
            if text.startswith("[Epoch 2/"):
                break
        training.send_signal(signal.SIGTERM)
        rest = training.stderr.read()
    assert training.returncode == 75
    assert re.search(r"error: stopped by SIGTERM; exp/job is stopped after step (\d+); ", rest)
    run = WorkDir(tmp_path / "exp").run("job")
    assert run.status().text == "stopped (stopped by SIGTERM)"
    assert stride(*line).code == 0
    assert stride("fit", *settings).code == 0
    whole = WorkDir(tmp_path / "exp").run(0)
    assert run.weights_file("last").read_bytes() == whole.weights_file("last").read_bytes()
    assert run.metrics_path.read_bytes() == whole.metrics_path.read_bytes()


def test_resuming_by_its_address_trains_a_run_that_waits(stride: Any) -> None:
    address = stride("create", *IN_EXP).out.strip()
    assert stride("fit", address, "--resume").out.startswith("exp/0  test_loss=")
    assert stride("fit", address, "--resume").err == "exp/0 is completed already\n"


def test_a_new_run_goes_on_from_another_in_its_experiment(stride: Any, tmp_path: Path) -> None:
    stride("fit", *IN_EXP)
    answer = stride("fit", "--continue", "exp/0", "--config", "fit_kwargs.max_epochs=2")
    assert answer.out.startswith("exp/1  test_loss=")
    (parent,) = WorkDir(tmp_path / "exp").run(1).read_record().parents
    assert (parent.relation, parent.run) == ("continued", "0")
    assert re.search(rf"continued +{tmp_path}/exp/0\n", stride("show", "exp/1").out)
    nothing = stride("fit", "--continue", "exp/0")
    assert (nothing.code, nothing.out) == (2, "")
    assert "nothing left to do" in nothing.err


def test_a_new_run_begins_with_weights(stride: Any, tmp_path: Path) -> None:
    plain = (*IN_EXP, "--config", "model_kwargs.batch_norms=false")
    stride("fit", *plain)
    slow = (*plain, "--config", "optimizer_kwargs.lr=1e-12")
    before = WorkDir(tmp_path / "exp").run(0).read_results()["test_loss"]
    for source in ("exp/0", "exp/0/weights/best.safetensors"):
        results = stride("fit", *slow, "--init-from", source, "--json").json["results"]
        assert results["test_loss"] == pytest.approx(before, rel=1e-3)
    assert stride("show", "exp/1", "--json").json["parents"][0]["relation"] == "weights"
    assert stride("show", "exp/2", "--json").json["parents"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume", *IN_EXP), "--resume needs to know the run: name it with --config run=NAME"),
        (("--continue", "exp/0", "--init-from", "exp/0"), "give one of them"),
        (("exp/0", "--continue", "exp/0"), "--continue makes a new run, and exp/0 is one already"),
        (("--continue", "exp/9"), "run 9 is not in exp"),
        ((*IN_EXP, "--init-from", "gone.safetensors"), "there is no such file"),
        (("exp/0", "--resume", *IN_EXP), "work_dir= and run= say which run is meant"),
        (("--continue", "exp/0", "--config", "optimizer_kwargs.momentum=1"), "unknown key"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    stride: Any, trained: Any, arguments: tuple[str, ...], said: str
) -> None:
    (trained().checkpoints_path / "step-00000020").mkdir(parents=True)
    answer = stride("fit", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err


def test_a_smoke_test_alone_makes_nothing(stride: Any, tmp_path: Path) -> None:
    answer = stride("fit", *IN_EXP, "--smoke-only")
    assert answer.code == 0
    assert answer.out.startswith("smoke test: a step in ")
    assert list(tmp_path.iterdir()) == []
    smoke = stride("fit", *IN_EXP, "--smoke-only", "--json").json["smoke"]
    assert smoke["checkpoint_bytes"] > 1000
    assert stride("fit", *IN_EXP, "--smoke").out.startswith("exp/0  test_loss=")


def test_what_fails_in_a_smoke_test_leaves_no_run(stride: Any, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BROKEN_NET)
    own = ("--config", "work_dir=exp", "--config", "model_kwargs.model_name=net.py:Net")
    answer = stride("fit", *own, "--smoke")
    assert (answer.code, answer.out) == (2, "")
    assert "error: the first training step fails: ZeroDivisionError: by zero" in answer.err
    assert "net.py:11" in answer.err
    assert not (tmp_path / "exp").exists()


def test_two_work_dirs_relative_and_absolute(stride: Any, tmp_path: Path) -> None:
    other = tmp_path / "other place"
    stride("fit", *IN_EXP)
    answer = stride("fit", "--config", f"work_dir={other}", *SHORT)
    assert answer.out.startswith(f"{other}{os.sep}0  test_loss=")
    assert "completed" in stride("list", str(other)).out
