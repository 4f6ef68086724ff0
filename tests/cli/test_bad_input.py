"""Bad input: one sentence, exit 2, and nothing is created."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from stride.store.work_dir import WorkDir

COMMANDS = ("create", "fit")


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every entry below a folder: the content of files, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


def assert_refused(answer: Any, *words: str) -> None:
    """Exit 2, and one line on standard error that holds the words."""
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


@pytest.fixture
def refused(stride: Any, tmp_path: Path) -> Any:
    """Call a command that is to be refused and to leave everything as it was."""

    def call(*arguments: str, words: tuple[str, ...] = ()) -> None:
        before = snapshot(tmp_path)
        assert_refused(stride(*arguments), *words)
        assert snapshot(tmp_path) == before

    return call


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("sed=1", ("unknown key sed", "did you mean seed (integer, default 0)?")),
        ("model_kwargs.hiden_dims=3", ("for MLP; did you mean model_kwargs.hidden_dims",)),
        ("optimizer_kwargs.lrr=1", ("for AdamW; did you mean optimizer_kwargs.lr",)),
        (
            "load_data_kwargs.train_loader_kwargs.batchsize=8",
            ("did you mean load_data_kwargs.train_loader_kwargs.batch_size",),
        ),
        ("task_kwargs.los_name=L1Loss", ("did you mean task_kwargs.loss_name",)),
        ("modelkwargs.model_name=MLP", ("did you mean model_kwargs",)),
        ("seed=one", ("seed", "integer")),
        ("seed=1.5", ("seed", "integer")),
        ("seed=-1", ("seed must be 0 or more",)),
        ("model_kwargs.hidden_dims=wide", ("model_kwargs.hidden_dims", "an integer")),
        ("log_kwargs.progress=3", ("log_kwargs.progress",)),
        ("load_data_kwargs.train_loader_kwargs.shuffle=maybe", ("shuffle",)),
        ("fit_kwargs.max_epochs=-1", ("fit_kwargs.max_epochs must be at least 1",)),
        ("fit_kwargs.max_epochs=0", ("fit_kwargs.max_epochs must be at least 1",)),
        ("optimizer_kwargs.lr=nan", ("optimizer_kwargs.lr must be a finite number",)),
        ("optimizer_kwargs.lr=inf", ("optimizer_kwargs.lr",)),
        ("optimizer_kwargs.lr=1e999", ("optimizer_kwargs.lr",)),
        ("load_data_kwargs.train_loader_kwargs.batch_size=0", ("batch_size must be at least 1",)),
        ("log_kwargs.level=LOUD", ("log_kwargs.level",)),
        ("a.b", ("'a.b' is not an override", "write a.b=VALUE")),
        ("=3", ("has no key before the '='",)),
        ("a..b=1", ("empty part between its dots",)),
        ("", ("is empty",)),
        ("model_kwargs.hidden_dims=[1,", ("model_kwargs.hidden_dims",)),
        ("{seed:", ("quotes",)),
        ("model_name]", ("quotes",)),
        ("optimizer_kwargs=3", ("optimizer_kwargs",)),
        ("model_kwargs.model_name=ResNt", ("did you mean ResNet?",)),
        ("model_kwargs.model_name=", ("model_kwargs.model_name",)),
        ("model_kwargs.model_name=os:system", ("os:system", "no model")),
        ("model_kwargs.model_name=builtins:eval", ("builtins:eval", "no model")),
        ("model_kwargs.model_name=subprocess:run", ("subprocess:run", "no model")),
        ("dataset_kwargs.dataset_name=os:system", ("os:system",)),
        ("task_kwargs.loss_name=builtins:eval", ("builtins:eval",)),
        ("task_kwargs.loss_name=NoLoss", ("NoLoss",)),
        ("dataset_kwargs.dataset_name=digts", ("did you mean digits?",)),
        ("optimizer_kwargs.optimizer_name=Adamm", ("did you mean Adam",)),
        ("scheduler_kwargs.scheduler_name=Cosine", ("scheduler",)),
        ("model_kwargs.model_name=no_such_package.module:Net", ("no_such_package",)),
        ("model_kwargs.model_name=missing.py:Net", ("missing.py",)),
    ],
)
def test_what_is_wrong_in_the_config_is_said(
    refused: Any, command: str, override: str, words: tuple[str, ...]
) -> None:
    refused(command, "--config", "work_dir=exp", "--config", override, words=words)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "..",
        "../up",
        ".hidden",
        "name\n",
        "x" * 300,
        "latest",
        "best",
        "config.json",
        "7",
        "a b",
        "",
    ],
)
def test_a_name_that_no_run_may_have_is_refused(refused: Any, command: str, name: str) -> None:
    refused(command, "--config", "work_dir=exp", "--config", f"run={name}", words=("run",))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_that_is_taken_is_refused(refused: Any, trained: Any, command: str) -> None:
    trained(name="baseline")
    refused(
        command,
        *("--config", "work_dir=exp", "--config", "run=baseline"),
        words=("exp/baseline exists already",),
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_an_experiment_must_be_named(refused: Any, command: str) -> None:
    refused(command, "--config", "seed=1", words=("work_dir is missing", "--config work_dir=EXP"))
    refused(command, "--config", "work_dir=", words=("work_dir",))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_is_no_experiment(refused: Any, command: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    refused(command, "--config", "work_dir=notes.txt", words=("notes.txt is a file",))
    refused(command, "--config", "work_dir=notes.txt/exp", words=("notes.txt",))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_with_other_content_is_left_alone(
    refused: Any, command: str, tmp_path: Path
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "draft.tex").write_text("mine")
    refused(command, "--config", "work_dir=papers", words=("stride init papers",))
    (tmp_path / "papers" / "config.json").write_text('{"editor": "vi"}')
    refused(command, "--config", "work_dir=papers", words=("papers",))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", ["", "{", "not JSON"])
def test_a_config_of_an_experiment_that_a_person_broke_is_said(
    refused: Any, command: str, content: str, tmp_path: Path
) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "config.json").write_text(content)
    refused(command, "--config", "work_dir=exp", words=("config.json",))
    refused("list", "exp", words=("config.json",))
    refused("show", "exp/0", words=("config.json",))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("ending", ["json", "yaml", "toml"])
@pytest.mark.parametrize("content", [None, b"", b"[1, 2", b"\xff\xfe\x00", b"- 1\n- 2\n"])
def test_a_config_file_that_cannot_be_used_is_said(
    refused: Any, command: str, ending: str, content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / f"base.{ending}"
    if content is not None:
        file.write_bytes(content)
    name = f"base.{ending}"
    refused(command, "--config", "work_dir=exp", "--config-file", name, words=(name,))


@pytest.mark.parametrize("removal", ["seed=1", "a..b", "no_such_key"])
def test_a_removal_that_cannot_be_done_is_said(refused: Any, removal: str) -> None:
    refused("create", "--config", "work_dir=exp", "--remove", removal)


def test_a_device_that_is_not_there_is_said_before_a_run_appears(refused: Any) -> None:
    refused("fit", "--config", "work_dir=exp", "--config", "device=cuda:97", words=("cuda:97",))
    refused("fit", "--config", "work_dir=exp", "--config", "device=abacus", words=("abacus",))


def arrays(tmp_path: Path, inputs: Any, targets: Any) -> list[str]:
    """Overrides for the data set `arrays` with one file."""
    numpy.savez(tmp_path / "data.npz", inputs=inputs, targets=targets)
    return [
        "--config",
        "dataset_kwargs.dataset_name=arrays",
        "--config",
        "dataset_kwargs.path=data.npz",
    ]


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (numpy.zeros((5, 3)), numpy.zeros(4)),
        (numpy.zeros((0, 3)), numpy.zeros(0)),
    ],
)
def test_data_that_does_not_fit_together_is_said(
    refused: Any, tmp_path: Path, inputs: Any, targets: Any
) -> None:
    options = arrays(tmp_path, inputs, targets)
    refused("fit", "--config", "work_dir=exp", *options, words=("data.npz",))


@pytest.mark.parametrize("content", [None, b"", b"PK not an archive"])
def test_a_data_file_that_cannot_be_read_is_said(
    refused: Any, tmp_path: Path, content: bytes | None
) -> None:
    options = arrays(tmp_path, numpy.zeros((5, 3)), numpy.zeros(5))
    if content is None:
        (tmp_path / "data.npz").unlink()
    else:
        (tmp_path / "data.npz").write_bytes(content)
    refused("fit", "--config", "work_dir=exp", *options, words=("data.npz",))


def test_what_a_reference_names_is_not_called(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text(
        "from pathlib import Path\n\ndef spring():\n    Path('sprung').write_text('')\n"
    )
    refused("fit", "--config", "work_dir=exp", "--config", "model_kwargs.model_name=trap.py:spring")
    assert not (tmp_path / "sprung").exists()


def test_a_run_that_is_being_trained_is_not_trained_twice(stride: Any, tmp_path: Path) -> None:
    stride("create", "--config", "work_dir=exp")
    with WorkDir(tmp_path / "exp").run(0).start():
        answer = stride("fit", "exp/0")
    assert_refused(answer, f"process {os.getpid()}", "stride log exp/0 -f")


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "exp/9"],
        ["show", "exp/none"],
        ["show", "elsewhere/0"],
        ["show", "exp/../0"],
        ["show", ""],
        ["log", "exp/9"],
        ["diff", "exp/0", "exp/9"],
        ["diff", "exp/0"],
        ["list", "elsewhere"],
        ["list", "exp/0"],
        ["fit", "exp/9"],
        ["fit", "exp/0", "--config", "seed=1"],
        ["fit", "exp/0"],
        ["init", "exp"],
        ["init", "new", "--config", "run=a"],
        ["init", "new", "--config", "work_dir=b"],
        ["keys", "no_such_prefix"],
        ["keys", "--config", "seed=1"],
    ],
)
def test_what_cannot_be_done_is_said(refused: Any, trained: Any, arguments: list[str]) -> None:
    trained()
    refused(*arguments)


IN_A_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run([*IN_A_NAMESPACE, "mount -t tmpfs none /mnt"], check=False).returncode == 0
    )


needs_mount = pytest.mark.skipif(not can_mount(), reason="cannot mount in a namespace of its own")


@needs_mount
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_sentence_and_nothing_is_left(tmp_path: Path, command: str) -> None:
    script = (
        f"mount -t tmpfs -o size=16k none {tmp_path} && cd {tmp_path} &&"
        " head -c 16384 /dev/zero > full;"
        f" {sys.executable} -m stride {command} --config work_dir=exp; code=$?; ls -A; exit $code"
    )
    done = subprocess.run([*IN_A_NAMESPACE, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "full\n")
    assert done.stderr.splitlines()[-1].endswith("the disk is full")


@needs_mount
@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_folder_is_one_sentence(tmp_path: Path, command: str) -> None:
    script = (
        f"mount -t tmpfs -o ro none {tmp_path} && cd {tmp_path} &&"
        f" {sys.executable} -m stride {command} --config work_dir=exp"
    )
    done = subprocess.run([*IN_A_NAMESPACE, script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("the file system is read-only")
