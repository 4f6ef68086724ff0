"""What is read again and what is believed; the clock that counts is that of the file system."""

from __future__ import annotations

import json
import shutil
from array import array
from pathlib import Path

import pytest

from stride.store.index.cache_file import file_system_time
from stride.store.index.present import Present, look
from stride.store.index.refresh import refresh
from stride.store.index.source import RUNS
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.store.index.written_runs import LATER, attempt, let_time_pass, record, write_run

SECOND = 1_000_000_000


def losses(experiment: WorkDir, present: Present, moment: int | None) -> list[float]:
    """The best loss of each run, through the cache."""
    path = experiment.index_file(RUNS.name)
    _, rows = refresh(RUNS, experiment.path, present, path, moment)
    column = rows.column("best.val_loss").decode()
    return [column.value(row) for row in range(len(column))]


def rewrite(experiment: WorkDir, value: float) -> None:
    """Change all runs, in a way that no size shows."""
    for run in experiment.runs():
        best = [{"monitor": "val_loss", "mode": "min", "value": value}]
        run.record_path.write_text(json.dumps(record(1, best=best)))


@pytest.fixture
def same_stamps(experiment: WorkDir) -> Present:
    """Stamps as a file system gives them that counts whole seconds: they stay though files change.

    Each change was at second 1000.
    """
    names = look(experiment.path, RUNS.files).names
    size = Run(experiment.path / "0").record_path.stat().st_size
    stamps = [array("Q", [1000 * SECOND, 7, size] * len(names)) for _ in RUNS.files[:2]]
    return Present(names, [*stamps, array("Q", bytes(24 * len(names)))])


@pytest.mark.parametrize(
    ("moment", "again"),
    [
        (1000 * SECOND, True),
        (1002 * SECOND - 1, True),
        (1002 * SECOND, False),
        (5000 * SECOND, False),
        (900 * SECOND, True),  # the stamp is of the future: a clock was turned back since
    ],
)
def test_what_changed_within_two_seconds_of_its_reading_is_read_again(
    moment: int, again: bool, experiment: WorkDir, same_stamps: Present
) -> None:
    rewrite(experiment, 0.1)
    assert losses(experiment, same_stamps, moment) == [0.1] * 12
    rewrite(experiment, 0.2)
    assert losses(experiment, same_stamps, moment) == [0.2 if again else 0.1] * 12


def test_what_was_read_too_early_is_kept_at_a_later_reading(
    experiment: WorkDir, same_stamps: Present
) -> None:
    for moment, value, said in [
        (1001, 0.1, 0.1),
        (1001, 0.2, 0.2),
        (1003, 0.3, 0.3),
        (1, 0.4, 0.3),
    ]:
        rewrite(experiment, value)
        assert losses(experiment, same_stamps, moment * SECOND) == [said] * 12


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_newest_of_the_files_counts(
    which: int, experiment: WorkDir, same_stamps: Present
) -> None:
    same_stamps.stamps[which][0] = 1004 * SECOND
    same_stamps.stamps[which][1] = 7
    rewrite(experiment, 0.1)
    losses(experiment, same_stamps, 1005 * SECOND)
    rewrite(experiment, 0.2)
    assert losses(experiment, same_stamps, 1005 * SECOND) == [0.2, *[0.1] * 11]


def test_the_clock_is_that_of_the_file_system(experiment: WorkDir) -> None:
    path = experiment.index_file(RUNS.name)
    before = file_system_time(path)
    let_time_pass(experiment.path)
    run = write_run(experiment, "99", 1)
    stamp = run.record_path.stat().st_ctime_ns
    let_time_pass(experiment.path)
    after = file_system_time(path)
    assert before is not None and after is not None
    assert before < stamp < after
    assert [entry.name for entry in path.parent.iterdir()] == []


def test_nothing_is_written_where_nothing_changed(experiment: WorkDir) -> None:
    path = experiment.index_file(RUNS.name)
    losses(experiment, look(experiment.path, RUNS.files), LATER)
    before = path.stat()
    losses(experiment, look(experiment.path, RUNS.files), LATER)
    assert path.stat() == before


def test_nothing_is_written_where_nothing_that_was_read_lasts(experiment: WorkDir) -> None:
    losses(experiment, look(experiment.path, RUNS.files), None)
    assert not experiment.index_file(RUNS.name).exists()


def test_one_run_among_many_is_read_again_each_time_rather_than_all_written_anew(
    tmp_path: Path,
) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    for number in range(201):
        write_run(experiment, str(number), number)
    losses(experiment, look(experiment.path, RUNS.files), LATER)
    path = experiment.index_file(RUNS.name)
    before = path.stat()
    let_time_pass(experiment.path)
    for number, written in ((0, False), (1, False), (2, True)):
        best = [{"monitor": "val_loss", "mode": "min", "value": -1.0}]
        write_run(experiment, str(number), number, best=best)
        said = losses(experiment, look(experiment.path, RUNS.files), LATER)
        assert said[: number + 2] == [*[-1.0] * (number + 1), 0.25 + (number + 1) / 100]
        assert (path.stat() != before) == written


def test_what_a_file_says_that_a_link_leads_to_is_never_kept(experiment: WorkDir) -> None:
    target = experiment.path / "shared.json"
    target.write_text(json.dumps(record(1)))
    path = Run(experiment.path / "0").record_path
    path.unlink()
    path.symlink_to(target)
    present = look(experiment.path, RUNS.files)
    assert losses(experiment, present, LATER)[0] == 0.26
    target.write_text(json.dumps(record(2)))
    assert losses(experiment, present, LATER)[0] == 0.27


def test_a_run_that_went_while_it_was_read_is_left_out(experiment: WorkDir) -> None:
    present = look(experiment.path, RUNS.files)
    shutil.rmtree(experiment.path / "3")
    path = experiment.index_file(RUNS.name)
    for _ in range(2):
        names, rows = refresh(RUNS, experiment.path, present, path, LATER)
        assert names == [*"012", *"456789", "10", "11"]
        assert rows.rows == rows.column("run.id").rows == 11


def test_a_run_that_an_attempt_changed_is_read_like_the_others(experiment: WorkDir) -> None:
    attempts = [attempt(), attempt(number=2, settings={"lr": 0.5})]
    write_run(experiment, "4", 4, attempts=attempts)
    present = look(experiment.path, RUNS.files)
    for _ in range(2):
        _, rows = refresh(RUNS, experiment.path, present, experiment.index_file(RUNS.name), LATER)
        column = rows.column("config.lr").decode()
        assert [column.value(row) for row in (3, 4, 5)] == [0.001, 0.5, 0.1]
