"""The job script of a sweep's workers."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from stride.errors import ConfigError
from stride.store.work_dir import WorkDir
from stride.sweep.batch_script import batch_script, read_batch_options
from stride.sweep.folder import SweepFolder


def test_options_go_over_those_that_are_there(tmp_path: Path) -> None:
    folder = SweepFolder(WorkDir(tmp_path / "exp"), "lr")
    options = read_batch_options(["time=4:00:00", "--signal=USR1@300", "exclusive"])
    text = batch_script(folder, 4, ["stride", "sweep", "my exp"], options)
    lines = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    assert "#SBATCH --array=0-3" in lines
    assert "#SBATCH --exclusive" in lines
    assert [line for line in lines if "signal" in line] == ["#SBATCH --signal=USR1@300"]
    assert "srun --ntasks=1 --wait=60 stride sweep 'my exp'\n" in text
    script = tmp_path / "job.sh"
    script.write_text(text)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_a_folder_with_blanks_in_its_name_is_quoted(tmp_path: Path) -> None:
    folder = SweepFolder(WorkDir(tmp_path / "my exp #1"), "lr")
    text = batch_script(folder, 1, ["stride"], {})
    output = next(line for line in text.splitlines() if "--output" in line)
    assert shlex.split(output.removeprefix("#SBATCH ")) == [
        f"--output={folder.batch_path / '%A_%a.out'}"
    ]


def test_a_folder_whose_name_would_end_the_line_is_refused(tmp_path: Path) -> None:
    folder = SweepFolder(WorkDir(tmp_path / "exp\necho hello"), "lr")
    with pytest.raises(ConfigError, match="more than a line"):
        batch_script(folder, 1, ["stride"], {})


@pytest.mark.parametrize(
    "text", ["", "=x", "A=1", "time=1\n#SBATCH --wrap=x", "array=0-3", "x y=1"]
)
def test_what_is_no_option_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--slurm-option"):
        read_batch_options([text])
