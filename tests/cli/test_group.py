"""The group of commands: what is not imported, what is misspelt, and how a command ends."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.commands import COMMANDS
from stride.cli.group import load_command

HEAVY = ("torch", "pydantic", "numpy", "rich", "stride.cli.list", "stride.store.work_dir")


def imported_by(tmp_path: Path, *arguments: str) -> set[str]:
    """Modules that a call of the command line imports, in a process of its own."""
    script = tmp_path / "imported.py"
    script.write_text(
        "import sys\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "from stride.cli.app import run\n"
        "try:\n    run()\n"
        "except SystemExit:\n    print('\\n'.join(['MODULES', *sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    return set(done.stdout.split("MODULES\n")[1].split())


def test_help_imports_no_command_and_nothing_heavy(tmp_path: Path) -> None:
    assert imported_by(tmp_path, "--help").isdisjoint(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_what_the_table_says(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help is not None
    assert command.help.splitlines()[0].rstrip(".") == COMMANDS[name].help
    assert command.epilog is not None
    assert command.epilog.startswith(f"stride {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_in_json(name: str) -> None:
    options = {option for parameter in load_command(name).params for option in parameter.opts}
    assert "--json" in options


def test_no_command_prints_the_help_page(stride: Any) -> None:
    assert stride().code == 0
    assert stride().out == stride("--help").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lst"], "there is no command 'lst'; did you mean list?"),
        (["load_run"], "there is no command 'load_run'; did you mean load-run?"),
        (["frobnicate"], "there is no command 'frobnicate'; see stride --help"),
        (["version", "--jsn"], "there is no option --jsn; did you mean --json?"),
        (["version", "now"], "there is no place for now"),
        (
            ["create", "work_dir=exp"],
            "there is no place for work_dir=exp; settings are given as --config work_dir=exp",
        ),
        (["fit", "seed=1"], "seed=1 is a setting, not a run; give it as --config seed=1"),
        (
            ["create", "--config", "model_kwargs.hidden_dims=[64,", "64]"],
            "there is no place for 64]; a shell splits at blanks: quote the value, or write a list"
            " as 64,64",
        ),
        (["show"], "missing argument RUN; see stride show --help"),
        (["--verison"], "there is no option --verison; did you mean --version?"),
    ],
)
def test_what_is_misspelt_gets_one_sentence_and_a_hint(
    stride: Any, arguments: list[str], sentence: str
) -> None:
    answer = stride(*arguments)
    assert (answer.code, answer.out, answer.err) == (2, "", f"error: {sentence}\n")


def test_python_m_stride_is_the_same_command(stride: Any, stride_process: Any) -> None:
    assert stride_process("version", "--json").json == stride("version", "--json").json


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "stride", "version"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_an_answer_to_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stride", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write the answer to standard output: ")
    assert done.stderr.count("\n") == 1
