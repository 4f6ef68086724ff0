"""Shell completion: the words that are offered, by the protocol, and in real shells."""

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stride.cli.completion import complete_experiment, complete_run, prepare
from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkDir:
    """The experiment `exp` with the runs 0, 1 and baseline, in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = WorkDir("exp")
    for name in (None, None, "baseline"):
        made.create({}, name=name)
    (tmp_path / "papers").mkdir()
    return made


def offered(shell: str, words: list[str], folder: Path) -> list[str]:
    """What the completion function of a shell gets, asked as its script asks."""
    asked = {
        "bash": {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": " ".join(words)},
        "fish": {
            "_TYPER_COMPLETE_ARGS": " ".join(words),
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        },
    }[shell]
    done = subprocess.run(
        [sys.executable, "-m", "stride"],
        env=os.environ | asked | {"_STRIDE_COMPLETE": f"complete_{shell}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    if shell == "zsh":
        return [text.split('"')[0] for text in done.stdout.split('"')[1::2]]
    return done.stdout.split()


def test_runs_of_an_experiment_are_offered(experiment: WorkDir) -> None:
    assert complete_run("exp/") == ["exp/0", "exp/1", "exp/baseline", "exp/latest"]
    assert complete_run("exp/b") == ["exp/baseline"]
    assert complete_run("papers/") == []


def test_the_only_experiment_that_fits_offers_its_runs_at_once(experiment: WorkDir) -> None:
    assert complete_run("ex") == complete_run("exp/")
    WorkDir("exp2").initialize()
    assert complete_run("ex") == ["exp/", "exp2/"]


def test_best_is_offered_where_something_is_measured(experiment: WorkDir) -> None:
    with experiment.run(1).start() as attempt:
        attempt.best(BestRecord(monitor="val_loss", mode="min", value=0.1))
    assert complete_run("exp/be") == ["exp/best", "exp/best:val_loss"]
    assert complete_run("exp/best:") == ["exp/best:val_loss"]
    assert complete_run("exp/l") == ["exp/latest"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_names_of_columns_are_offered_for_order_and_columns(
    experiment: WorkDir, tmp_path: Path, shell: str
) -> None:
    experiment.create({"optimizer_kwargs": {"lr": 0.1}})
    words = ["stride", "list", "exp", "--sort"]
    assert offered(shell, [*words, "opt"], tmp_path) == ["optimizer_kwargs.lr"]
    assert offered(shell, [*words, "created,-opt"], tmp_path) == ["created,-optimizer_kwargs.lr"]
    assert offered(shell, ["stride", "list", "none", "--sort", "opt"], tmp_path) == []


def test_inside_an_experiment_its_runs_stand_alone(
    experiment: WorkDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(experiment.path)
    assert complete_run("") == ["0", "1", "baseline", "latest"]


def test_only_experiments_are_offered_as_such(experiment: WorkDir, tmp_path: Path) -> None:
    assert complete_experiment("") == ["exp"]
    assert complete_experiment(f"{tmp_path}/e") == [f"{tmp_path}/exp"]
    assert complete_experiment("no/such/folder") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_offered_commands_runs_and_keys(
    experiment: WorkDir, tmp_path: Path, shell: str
) -> None:
    assert {"list", "load-run", "log"} <= set(offered(shell, ["stride", "l"], tmp_path))
    assert "exp/baseline" in offered(shell, ["stride", "show", "exp/"], tmp_path)
    keys = offered(shell, ["stride", "fit", "--config", "optimizer_kwargs.l"], tmp_path)
    assert keys == ["optimizer_kwargs.lr=", "optimizer_kwargs.lr=0.001"]
    assert "--config-file" in offered(shell, ["stride", "fit", "--conf"], tmp_path)


def test_what_was_typed_before_decides_which_keys_there_are(tmp_path: Path) -> None:
    words = ["stride", "fit", "--config", "optimizer_kwargs.optimizer_name=SGD", "--config"]
    found = offered("zsh", [*words, "optimizer_kwargs.mom"], tmp_path)
    assert found[0] == "optimizer_kwargs.momentum="


def test_values_are_offered_behind_the_equals_sign(tmp_path: Path) -> None:
    words = ["stride", "fit", "--config", "model_kwargs.model_name=Re"]
    assert offered("zsh", words, tmp_path) == ["model_kwargs.model_name=ResNet"]


def test_removals_are_keys_alone(tmp_path: Path) -> None:
    words = ["stride", "fit", "--remove", "fit_kwargs.clip_n"]
    assert set(offered("bash", words, tmp_path)) == {"fit_kwargs.clip_norm"}


def test_an_error_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    words = ["stride", "fit", "--config", "model_kwargs.model_name=no.such:Net", "--config", "mod"]
    assert offered("zsh", words, tmp_path) == []


@pytest.mark.parametrize(
    ("typed", "words", "key"),
    [
        (
            ["stride", "fit", "--config", "a.b", "=", "c"],
            ["stride", "fit", "--config", "c"],
            "a.b=",
        ),
        (["stride", "fit", "--config", "a.b", "="], ["stride", "fit", "--config", ""], "a.b="),
        (
            ["stride", "fit", "-c", "a", "=", "1", "-c", "b"],
            ["stride", "fit", "-c", "a=1", "-c", "b"],
            "",
        ),
        (["stride", "show", "exp/"], ["stride", "show", "exp/"], ""),
        (["stride", "show", "exp/best", ":", "v"], ["stride", "show", "v"], "exp/best:"),
        (["stride", "diff", "a/best", ":", "v", "b"], ["stride", "diff", "a/best:v", "b"], ""),
    ],
)
def test_words_that_bash_took_apart_are_joined(
    typed: list[str], words: list[str], key: str
) -> None:
    environ = {
        "_STRIDE_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }
    prepare(environ)
    assert environ["COMP_WORDS"].split("\n") == words
    assert environ["COMP_CWORD"] == str(len(words) - 1)
    assert environ["_STRIDE_COMPLETE_KEY"] == key


SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        'eval "$(_STRIDE_COMPLETE=source_bash stride)"',
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u; eval "$(_STRIDE_COMPLETE=source_zsh stride)"',
    ),
}


class Terminal:
    """A shell on a pseudo-terminal, typed into like by a person."""

    def __init__(self, shell: str, folder: Path) -> None:
        main, side = os.openpty()
        command, script = SHELLS[shell]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "TERM": "dumb", "PS1": "$ "}
        self._main = main
        self._shell = subprocess.Popen(
            command,
            stdin=side,
            stdout=side,
            stderr=side,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(side)
        self.type(f"{script}; echo re''ady\n", until="ready")

    def type(self, keys: str, until: str) -> str:
        """Press keys and read until a text appears; fails after a minute."""
        os.write(self._main, keys.encode())
        shown, give_up = "", time.monotonic() + 60
        while until not in shown:
            assert time.monotonic() < give_up, shown
            if select.select([self._main], [], [], 1.0)[0]:
                shown += os.read(self._main, 4096).decode(errors="replace").replace("\a", "")
        return shown

    def close(self) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._main)


@pytest.fixture(params=SHELLS)
def terminal(request: Any, experiment: WorkDir, tmp_path: Path) -> Any:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    opened = Terminal(request.param, tmp_path)
    yield opened
    opened.close()


def test_in_a_real_shell_a_run_is_completed(terminal: Any) -> None:
    terminal.type("stride show exp/b\t", until="exp/baseline")


def test_in_a_real_shell_the_runs_are_listed(terminal: Any) -> None:
    terminal.type("stride show exp/\t\t", until="latest")


def test_in_a_real_shell_a_key_is_completed_up_to_its_value(terminal: Any) -> None:
    terminal.type("stride create --config optimizer_kwargs.l\t", until="optimizer_kwargs.lr=")


def test_in_a_real_shell_a_value_is_completed(terminal: Any) -> None:
    terminal.type("stride create --config model_kwargs.model_name=Re\t", until="=ResNet")


def test_in_a_real_shell_the_colon_of_a_best_run_is_no_end(
    terminal: Any, experiment: WorkDir
) -> None:
    with experiment.run(1).start() as attempt:
        attempt.best(BestRecord(monitor="val_loss", mode="min", value=0.1))
    terminal.type("stride show exp/best:v\t; echo =\n", until="best:val_loss")
