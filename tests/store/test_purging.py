"""A purge deletes what lies in the trash, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stride.errors import RunBusyError, RunNotFoundError, StorageError
from stride.store.purging import delete, leftovers, purge_entry
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import bytes_of, completed


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "exp")
    for _ in range(3):
        completed(made)
    return made


def test_one_is_deleted_and_the_others_stay(experiment: WorkDir) -> None:
    kept = remove_run(experiment.run(0))
    purge_entry(remove_run(experiment.run(1)))
    assert read_trash(experiment) == [kept]
    assert [run.name for run in experiment.runs()] == ["2"]
    assert sorted(path.name for path in experiment.trash_path.iterdir()) == ["0"]


def test_the_highest_number_is_free_again_and_no_other(experiment: WorkDir) -> None:
    purge_entry(remove_run(experiment.run(1)))
    assert experiment.create({}).number == 3


def test_links_go_and_what_they_lead_to_stays(experiment: WorkDir, tmp_path: Path) -> None:
    outside = tmp_path / "data"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    run = experiment.run(1)
    (run.path / "data").symlink_to(outside)
    (run.path / "file").symlink_to(outside / "precious")
    (run.path / "up").symlink_to("../../0")
    os.link(outside / "precious", run.path / "hard")
    purge_entry(remove_run(run))
    assert bytes_of(outside) == {"precious": b"mine"}
    assert experiment.run(0).read_config()
    delete_me = experiment.trash_path / ".purging-link"
    delete_me.symlink_to(outside)
    delete(delete_me)
    assert not os.path.lexists(delete_me)
    assert bytes_of(outside) == {"precious": b"mine"}


def test_what_people_put_there_is_no_run_and_stays(experiment: WorkDir, tmp_path: Path) -> None:
    experiment.trash_path.mkdir()
    (experiment.trash_path / "7").symlink_to(tmp_path)
    (experiment.trash_path / "8").write_text("mine")
    (experiment.trash_path / "folder").mkdir()
    assert read_trash(experiment) == []
    assert leftovers(experiment) == []


def test_folders_that_forbid_it_are_deleted_as_well(experiment: WorkDir) -> None:
    run = experiment.run(1)
    (run.path / "closed").mkdir()
    (run.path / "closed" / "file").write_text("x")
    (run.path / "closed").chmod(0o500)
    entry = remove_run(run)
    purge_entry(entry)
    assert not entry.folder.exists()


def test_what_a_purge_cut_short_left_is_known_and_restores_nothing(experiment: WorkDir) -> None:
    entry = remove_run(experiment.run(1))
    half = experiment.trash_path / ".purging-1-abcdef"
    entry.folder.rename(half)
    assert read_trash(experiment) == []
    assert leftovers(experiment) == [half]
    with pytest.raises(RunNotFoundError, match="not in the trash any more"):
        restore_run(entry)
    delete(half)
    delete(half)  # also where another purge did it
    assert leftovers(experiment) == []


def test_what_was_purged_already_is_said(experiment: WorkDir) -> None:
    entry = remove_run(experiment.run(1))
    purge_entry(entry)
    with pytest.raises(RunNotFoundError):
        purge_entry(entry)


def test_a_run_that_trains_in_the_trash_is_left_alone(experiment: WorkDir) -> None:
    run = experiment.create({})
    with run.start():
        experiment.trash_path.mkdir()
        run.path.rename(experiment.trash_path / run.name)
        (entry,) = read_trash(experiment)
        with pytest.raises(RunBusyError, match="is being trained"):
            purge_entry(entry)
        entry.folder.rename(run.path)


def test_a_trash_that_leads_elsewhere_is_not_emptied(experiment: WorkDir, tmp_path: Path) -> None:
    entry = remove_run(experiment.run(1))
    experiment.trash_path.rename(tmp_path / "elsewhere")
    experiment.trash_path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        purge_entry(entry)
    with pytest.raises(StorageError):
        leftovers(experiment)
    assert (tmp_path / "elsewhere" / "1" / "run.json").exists()
