"""Code of the user's own in a config: what loading it imports."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.own_code import own_code_of

CONFIG = {
    "model_kwargs": {"model_name": "net.py:Net", "note": "a:b"},
    "task_kwargs": {"task_name": "supervised", "loss_name": "losses:focal"},
    "dataset_kwargs": {"dataset_name": "data.py:Cells"},
    "optimizer_kwargs": {"optimizer_name": "object:torch.optim.SGD"},
}


def test_references_in_the_groups_are_found_at_any_depth() -> None:
    assert own_code_of(CONFIG, ("model_kwargs", "task_kwargs")) == {
        "model_kwargs.model_name": "net.py:Net",
        "task_kwargs.loss_name": "losses:focal",
    }


def test_what_was_handed_over_is_not_imported() -> None:
    assert own_code_of(CONFIG, ("optimizer_kwargs",)) == {}


AS_ON_WINDOWS = """
import sys
import msgspec, psutil, typer.testing  # what others wrote is asked about no other platform
sys.platform = "win32"
for name in ("pwd", "fcntl", "resource", "grp", "termios"):
    sys.modules[name] = None  # importing it fails
from stride.cli.app import app
app(sys.argv[1:])
"""


@pytest.mark.parametrize("command", ["list", "show", "diff", "log"])
def test_reading_commands_need_no_module_that_windows_lacks(
    trained: Any, tmp_path: Path, command: str
) -> None:
    for _ in range(2):
        trained().log_path().write_text("a line\n")
    runs = {"list": ["exp"], "diff": ["exp/0", "exp/1"]}.get(command, ["exp/0"])
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, command, *runs],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
