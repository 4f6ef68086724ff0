"""Symbolic links in a run: inside the experiment they are followed, out of it they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.errors import StorageError, StoredFileError
from stride.store.index.part import Part
from stride.store.index.read import read_index
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir

FILES: dict[str, tuple[Callable[[Run], Path], Callable[[Run], object]]] = {
    "run.json": (lambda run: run.record_path, Run.read_record),
    "config.json": (lambda run: run.config_path, Run.read_config),
    "labels.json": (lambda run: run.labels_path, Run.read_labels),
    "metrics.json": (lambda run: run.results_metrics_path, Run.read_results),
}


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    found = WorkDir(tmp_path / "exp")
    for rate in (0.1, 0.2):
        run = found.create({"lr": rate})
        run.write_labels(note="a note")
        run.save_results({"test_loss": rate})
    return found


def replace_by_link(path: Path, target: Path | str) -> None:
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_leads_out_of_the_experiment_is_not_read(
    name: str, experiment: WorkDir, tmp_path: Path
) -> None:
    path_of, read = FILES[name]
    run = experiment.run(0)
    path = path_of(run)
    secret = tmp_path / "secret.json"
    secret.write_bytes(path.read_bytes())
    replace_by_link(path, secret)
    with pytest.raises(StoredFileError, match="symbolic link that leads out of the experiment"):
        read(run)
    table = read_index(experiment, [*Part])
    if name == "metrics.json":
        assert table.columns["test.test_loss"].codes[0] == 0
    else:
        problem = f"{path} is a symbolic link that leads out of the experiment"
        assert table.columns["run.problem"].value(0) == problem == read_row(run).problem


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_leads_to_another_one_of_the_experiment_is_read(
    name: str, experiment: WorkDir
) -> None:
    path_of, read = FILES[name]
    replace_by_link(path_of(experiment.run(0)), path_of(experiment.run(1)))
    assert read(experiment.run(0)) == read(experiment.run(1))


def test_a_folder_of_a_run_that_leads_out_is_not_read(experiment: WorkDir, tmp_path: Path) -> None:
    run = experiment.run(0)
    outside = run.results_path.rename(tmp_path / "results")
    run.results_path.symlink_to(outside)
    with pytest.raises(StoredFileError, match="leads out"):
        run.read_results()


@pytest.mark.parametrize("target", ["run.json", "nowhere"])
def test_a_link_that_leads_nowhere_is_said_to_be_unreadable(
    target: str, experiment: WorkDir
) -> None:
    run = experiment.run(0)
    replace_by_link(run.record_path, target)
    with pytest.raises((StorageError, StoredFileError)):
        run.read_record()
    table = read_index(experiment)
    assert table.columns["run.status"].value(0) == read_row(run).status == "unreadable"


def test_an_experiment_may_itself_be_reached_by_a_link(experiment: WorkDir, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(experiment.path)
    run = WorkDir(tmp_path / "short").run(0)
    replace_by_link(run.config_path, experiment.run(1).config_path)
    assert json.loads(run.config_path.read_text()) == run.read_config()
