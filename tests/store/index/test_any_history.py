"""The law: whatever happened to folders and cache, the index says what reading the folders says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.store.index.part import Part
from stride.store.index.read import read_index
from stride.store.work_dir import WorkDir
from tests.store.index.answers import comparable, said_by_folders, said_by_index
from tests.store.index.changes import CHANGES
from tests.store.index.written_runs import LATER, let_time_pass, write_run


def assert_agrees(experiment: WorkDir, moment: int | None) -> None:
    for parts in ((), tuple(Part)):
        table = read_index(experiment, parts, moment=moment)
        folders = said_by_folders(experiment, parts)
        assert list(table.names) == list(folders)
        assert comparable(said_by_index(table)) == comparable(folders)


steps = st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 13), st.integers(0, 99))
moments = st.sampled_from([LATER, LATER, None, 0])


def test_an_experiment_that_was_moved_names_its_new_place(experiment: WorkDir) -> None:
    CHANGES["tear"](experiment, "3", 0)
    assert_agrees(experiment, LATER)
    moved = WorkDir(experiment.path.with_name("moved"))
    experiment.path.rename(moved.path)
    assert_agrees(moved, LATER)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_each_change_is_seen(name: str, experiment: WorkDir) -> None:
    assert_agrees(experiment, LATER)
    for number in (3, 4, 50):
        let_time_pass(experiment.path.parent)
        CHANGES[name](experiment, "2", number)
        assert_agrees(experiment, LATER)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(steps, min_size=1, max_size=4), moments), max_size=6))
def test_the_index_says_what_the_folders_say(
    history: list[tuple[list[tuple[str, int, int]], int | None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        experiment = WorkDir(Path(folder) / "exp")
        experiment.path.mkdir()
        experiment.config_path.write_text('{"format": 1}')
        for number in range(12):
            write_run(experiment, str(number), number)
        assert_agrees(experiment, LATER)
        for changes, moment in history:
            for change_name, run, number in changes:
                let_time_pass(experiment.path.parent)
                CHANGES[change_name](experiment, str(run), number)
            assert_agrees(experiment, moment)
