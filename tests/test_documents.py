"""The documents: what they tell a reader to type is typed here, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.work_dir import WorkDir

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("stride fit ", "stride init ", "stride list ", "stride show ", "stride diff ",
            "stride load-run ", "stride evaluate ")  # fmt: skip


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and text, in order."""
    return FENCE.findall((ROOT / page).read_text())


def commands(page: str) -> list[str]:
    """The command lines of a page that stand on their own, without their comments or output."""
    lines = [
        line.removeprefix("$ ").partition("  #")[0].strip()
        for language, text in blocks(page)
        if language == ""
        for line in text.splitlines()
    ]
    return [line for line in lines if line.startswith(RUNNABLE) and "path/to" not in line]


def write_files(page: str, folder: Path) -> None:
    """The Python blocks that begin with a comment that names a file."""
    for language, text in blocks(page):
        name = re.match(r"# (\w+\.py)\n", text)
        if language == "python" and name:
            (folder / name[1]).write_text(text)


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )


def test_the_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    write_files("docs/quickstart.md", tmp_path)
    made = next(text for language, text in blocks("docs/quickstart.md") if "np.savez" in text)
    subprocess.run([sys.executable, "-c", made], cwd=tmp_path, check=True)
    lines = [line.replace("exp/0 -f", "exp/0") for line in commands("docs/quickstart.md")]
    assert len(lines) >= 10
    for line in lines:
        done = shell(line, tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_the_walk_of_the_readme_does_what_the_readme_says(tmp_path: Path) -> None:
    lines = [
        line for line in commands("README.md") if "arrays" not in line and "my_exp" not in line
    ]
    lines = [line for line in lines if "work_dir=work_dir" not in line]
    assert len(lines) >= 6
    for line in lines:
        done = shell(line, tmp_path)
        assert done.returncode == (2 if "hiden_dims" in line else 0), f"{line}\n{done.stderr}"


def test_the_example_of_the_readme_in_python_runs(tmp_path: Path) -> None:
    example = next(text for language, text in blocks("README.md") if language == "python")
    shorter = example.replace('device="cpu",', 'device="cpu", fit_kwargs={"max_epochs": 1},')
    done = subprocess.run(
        [sys.executable, "-c", shorter], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "experiments/my_experiment/1/results/metrics.json").exists()


def test_the_task_of_the_python_page_trains(tmp_path: Path) -> None:
    write_files("docs/python-api.md", tmp_path)
    (line,) = commands("docs/python-api.md")
    done = shell(line, tmp_path)
    assert done.returncode == 0, done.stderr
    header = (tmp_path / "exp/0/logs/metrics.csv").read_text().splitlines()[0]
    assert "train_loss_classes" in header
    assert "val_loss_size" in header


def test_the_loop_of_the_python_page_keeps_its_run(tmp_path: Path) -> None:
    loop = next(text for _, text in blocks("docs/python-api.md") if "run.start()" in text)
    subprocess.run([sys.executable, "-c", loop], cwd=tmp_path, check=True)
    assert shell("stride list exp", tmp_path).stdout.split("\n")[1].split()[1] == "completed"


def test_the_tasks_page_trains_two_heads_and_its_watchers_watch(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard comes with the extra `tensorboard`")
    write_files("docs/tasks.md", tmp_path)
    heads, stopped, watched = commands("docs/tasks.md")
    for line in (heads, stopped, watched + " --config fit_kwargs.max_epochs=1"):
        done = shell(line, tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    runs = [WorkDir(tmp_path / "exp").run(number) for number in range(3)]

    last = runs[0].metrics.read()[-1]
    assert {"train_loss_digit", "train_loss_odd", "val_loss_odd"} <= set(last)
    assert float(last["val_digit_accuracy"]) > 0.9
    assert float(last["val_odd_accuracy"]) > 0.9

    rows = runs[1].metrics.read()
    assert len(rows) < 20
    assert [float(row["val_accuracy"]) >= 0.8 for row in rows] == [False] * (len(rows) - 1) + [True]
    assert "completed (GoodEnough asked to stop: val_accuracy is 0." in runs[1].status().text

    assert list(runs[2].tensorboard_path.iterdir())


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
)
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text())
    here = (ROOT / page).parent
    gone = [link for link in links if "://" not in link and not (here / link).exists()]
    assert gone == []
