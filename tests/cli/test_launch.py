"""`stride fit` and `stride resume` in processes that they start, watch, and start again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.fit import FIELDS
from stride.cli.resume import FIELDS as RESUME_FIELDS
from stride.store.run import Run
from stride.store.work_dir import WorkDir

SHORT = ("--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=3")
FATAL = """
import os, signal
from pathlib import Path

from stride import Callback, EpochEnded


class Fatal(Callback):
    def observe(self, moment):
        deaths = Path("deaths")
        died = len(deaths.read_text()) if deaths.exists() else 0
        if isinstance(moment, EpochEnded) and died < ALLOWED:
            deaths.write_text("x" * (died + 1))
            os.kill(os.getpid(), signal.SIGKILL)
"""


def run_of(folder: Path, name: int | str = 0) -> Run:
    return WorkDir(folder / "exp").run(name)


def outcomes(run: Run) -> list[str]:
    return [attempt.outcome or "" for attempt in run.read_record().attempts]


@pytest.fixture
def fatal(tmp_path: Path) -> Any:
    """The option of a training whose process is killed so many times after an epoch."""

    def option(deaths: int) -> tuple[str, ...]:
        (tmp_path / "fatal.py").write_text(FATAL.replace("ALLOWED", str(deaths)))
        return ("--config", "log_kwargs.callbacks=fatal.py:Fatal")

    return option


def test_a_rehearsed_preemption_is_stopped_and_completes(
    stride_process: Any, tmp_path: Path
) -> None:
    answer = stride_process("fit", *SHORT, "--rehearse-preemption", "--json")
    assert (answer.code, set(answer.json)) == (0, set(FIELDS))
    assert answer.json["status"] == "completed"
    assert (
        "rehearsal: SIGTERM stopped exp/0 after step 1, with exit code 75 and checkpoint"
        " step-00000001; going on with it\n"
    ) in answer.err
    assert answer.err.endswith("rehearsal: exp/0 went on, and is completed\n")
    assert outcomes(run_of(tmp_path)) == ["stopped", "completed"]
    assert stride_process("fit", *SHORT).code == 0
    assert run_of(tmp_path, 0).metrics_path.read_bytes() == (
        run_of(tmp_path, 1).metrics_path.read_bytes()
    )


def test_a_rehearsal_of_what_is_wrong_says_what_is_wrong(
    stride_process: Any, tmp_path: Path
) -> None:
    answer = stride_process("fit", *SHORT, "--config", "fit_kwargs.x=1", "--rehearse-preemption")
    assert answer.code == 2
    assert answer.err.startswith("error: unknown key fit_kwargs.x")
    assert answer.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_rehearsal_of_a_completed_run_comes_to_nothing(stride_process: Any) -> None:
    named = (*SHORT, "--config", "run=x", "--resume")
    assert stride_process("fit", *named).code == 0
    answer = stride_process("fit", *named, "--rehearse-preemption")
    assert answer.code == 1
    assert answer.err.endswith(
        "error: the rehearsal came to nothing: the training ended before its signal\n"
    )


def test_a_training_that_is_killed_goes_on_by_itself(
    stride_process: Any, fatal: Any, tmp_path: Path
) -> None:
    answer = stride_process("fit", *SHORT, *fatal(1), "--max-restarts", "2", "--json")
    assert (answer.code, set(answer.json)) == (0, set(FIELDS))
    sentence = "exp/0: the training was killed by SIGKILL; going on with it, restart 1 of 2\n"
    assert sentence in answer.err
    assert outcomes(run_of(tmp_path)) == ["crashed", "completed"]


def test_restarts_come_to_an_end_and_resume_takes_them_too(
    stride_process: Any, fatal: Any, tmp_path: Path
) -> None:
    answer = stride_process("fit", *SHORT, *fatal(2), "--max-restarts", "0")
    assert (answer.code, answer.out) == (137, "")
    assert answer.err.endswith(
        "error: exp/0: the training was killed by SIGKILL; stride resume exp/0 goes on\n"
    )
    assert run_of(tmp_path).status().word == "crashed"
    answer = stride_process("resume", "exp/0", "--max-restarts", "1", "--json")
    assert (answer.code, set(answer.json)) == (0, set(RESUME_FIELDS))
    assert outcomes(run_of(tmp_path)) == ["crashed", "crashed", "completed"]


def test_a_stopped_training_is_not_started_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stride", "fit", *SHORT[:2], "--max-restarts", "3"]
    long = ("--config", "fit_kwargs.max_epochs=100000")
    with subprocess.Popen(
        [*command, *long], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("[Epoch 2/"):
            pass
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == 75
    assert said.count("error: ") == 1
    assert outcomes(run_of(tmp_path)) == ["stopped"]


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (
            ("--nproc-per-node", "0"),
            {},
            "--nproc-per-node takes a whole number of at least 1, not '0'",
        ),
        (
            ("--max-restarts", "many"),
            {},
            "--max-restarts takes a whole number of at least 0, not 'many'",
        ),
        (("--launcher", "lsf"), {}, "there is no launcher 'lsf': it is one of torchrun, slurm"),
        (
            ("--nproc-per-node", "2"),
            {
                "RANK": "1",
                "WORLD_SIZE": "4",
                "LOCAL_RANK": "1",
                "MASTER_ADDR": "localhost",
                "MASTER_PORT": "29500",
            },
            "--nproc-per-node starts processes, and this is rank 1 of 4 on 1 node, started by"
            " torchrun, already: leave --nproc-per-node out",
        ),
    ],
)
def test_what_cannot_be_launched_is_said_and_leaves_nothing(
    stride: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    sentence: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    answer = stride("fit", *SHORT, *arguments)
    assert (answer.code, answer.err) == (2, f"error: {sentence}\n")
    assert list(tmp_path.iterdir()) == []
