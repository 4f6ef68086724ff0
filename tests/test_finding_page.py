"""The page docs/finding.md: what it tells to type is typed here, and answers as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir

PAGE = Path(__file__).parent.parent / "docs" / "finding.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ACCURACIES = dict(
    zip(
        map(str, range(10)),
        (0.9259, 0.9444, 0.937, 0.9852, 0.9852, 0.9778, 0.9741, 0.9852, 0.9741, 0.9704),
        strict=True,
    )
)
"""The best val_accuracy of each run of the page."""


def asked() -> list[tuple[str, str]]:
    """Each `stride list` of the page with the answer that the page gives."""
    found = []
    for language, text in FENCE.findall(PAGE.read_text()):
        if not language:
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, answer = part.partition("\n")
                if command.startswith("stride list exp "):
                    found.append((command, answer))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven runs like those of the page, without training."""
    made = tmp_path_factory.mktemp("page")
    experiment = WorkDir(made / "exp")
    for model, lr, seed in (
        *(("MLP", lr, seed) for lr in (1e-4, 1e-3, 1e-2) for seed in range(3)),
        *(("ResNet", 1e-3, 0), ("MLP", 0.03, 0)),
    ):
        loaders = {
            f"{split}_loader_kwargs": {"batch_size": 64} for split in ("train", "val", "test")
        }
        run = experiment.create(
            {
                "seed": seed,
                "load_data_kwargs": loaders,
                "model_kwargs": {"model_name": model},
                "optimizer_kwargs": {"lr": lr},
                "fit_kwargs": {"balancing": {"lr": None}},
            }
        )
        if lr == 0.03:
            continue
        accuracy = ACCURACIES[run.name]
        metrics = {"val_loss": lr, "val_accuracy": accuracy, "lr": lr}
        with run.start() as attempt:
            run.metrics.append({"epoch": 1, "step": 20, **metrics})
            attempt.sign(step=20, epoch=1, metrics=metrics)
            attempt.best(
                BestRecord(
                    monitor="val_accuracy", mode="max", value=accuracy, epoch=1, metrics=metrics
                )
            )
            run.save_results({"test_accuracy": accuracy})
    experiment.run(3).write_labels(add_tags=("paper",))
    return made


def call(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    stride = f"{sys.executable} -m stride "
    return subprocess.run(
        ["bash", "-c", command.replace("stride ", stride, 1)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("command", "answer"), asked())
def test_a_query_of_the_page_is_answered_as_the_page_says(
    folder: Path, command: str, answer: str
) -> None:
    done = call(command, folder)
    if answer.startswith("error:"):
        assert (done.returncode, done.stdout, done.stderr) == (2, "", answer)
        return
    assert (done.returncode, done.stderr) == (0, "")
    heading = [word for word in answer.splitlines()[0].split() if word != "tags"]
    assert set(heading) - {"progress"} <= set(done.stdout.splitlines()[0].split()) | {"tags"}


def test_several_experiments_are_asked_as_the_page_says(folder: Path, tmp_path: Path) -> None:
    for name in ("again", "digits"):
        shutil.copytree(folder / "exp", tmp_path / "exps" / name)
    done = call("stride list exps/* --sort best --limit 3", tmp_path)
    assert done.stdout.splitlines()[-1] == "3 first of 22 runs; --limit 0 lists all"


def test_the_example_in_python_runs(folder: Path) -> None:
    (example,) = (text for language, text in FENCE.findall(PAGE.read_text()) if "frame()" in text)
    done = subprocess.run(
        [sys.executable, "-c", f"{example}\nprint(len(frame))"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "10"
