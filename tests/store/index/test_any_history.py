"""The law: whatever happened to the folders and to the cache, the index says what the folders say."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.files import write_atomic
from stride.store.index.part import Part
from stride.store.index.read import read_index
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.store.index.answers import comparable, said_by_folders, said_by_index
from tests.store.index.written_runs import (
    LATER,
    attempt,
    let_time_pass,
    record,
    write_run,
)
from tests.store.index.written_runs import settings as config_of

Change = Callable[[WorkDir, str, int], None]
CHANGES: dict[str, Change] = {}
TORN = [b"", b"{", b'{"format": 1', b"\xff\xfe", b"[]", b'{"format": 99}', b"null", b"{}"]


def change(function: Change) -> Change:
    CHANGES[function.__name__] = function
    return function


def run_of(experiment: WorkDir, name: str) -> Run:
    return Run(experiment.path / name)


@change
def make(experiment: WorkDir, name: str, number: int) -> None:
    write_run(experiment, name, number)


@change
def make_named(experiment: WorkDir, name: str, number: int) -> None:
    write_run(experiment, f"baseline-{name}", number)


@change
def replace_record(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        content = json.dumps(record(number, status="failed")).encode()
        write_atomic(run.record_path, content, durable=False)


@change
def rewrite_in_place_with_the_same_size(experiment: WorkDir, name: str, number: int) -> None:
    path = run_of(experiment, name).record_path
    if path.is_file():
        before = path.stat()
        text = path.read_text()
        path.write_text(text.replace('"epoch": 3', f'"epoch": {number % 10}'))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@change
def change_a_key_for_an_attempt(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        settings = {"lr": number / 7, "model_kwargs.dropout": [number], "new.key": None}
        changed = record(number, attempts=[attempt(), attempt(number=2, settings=settings)])
        run.record_path.write_text(json.dumps(changed))


@change
def write_another_config(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        config = {**config_of(number), "a.b": {"7": 2**70 + number, "c": [{"d": 1}, -0.0]}}
        run.config_path.write_text(json.dumps(config))


@change
def label(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        run.labels_path.write_text(json.dumps({"format": 1, "tags": [f"t{number}"], "note": ""}))


@change
def remove_labels(experiment: WorkDir, name: str, number: int) -> None:
    run_of(experiment, name).labels_path.unlink(missing_ok=True)


@change
def tear(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    path = [run.record_path, run.config_path, run.labels_path][number % 3]
    if run.path.exists():
        path.write_bytes(TORN[number % len(TORN)])


@change
def lose_a_file(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    (run.record_path if number % 2 else run.config_path).unlink(missing_ok=True)


@change
def put_a_folder_in_place_of_a_file(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    if run.record_path.is_file():
        run.record_path.unlink()
        run.record_path.mkdir()


@change
def remove(experiment: WorkDir, name: str, number: int) -> None:
    shutil.rmtree(run_of(experiment, name).path, ignore_errors=True)


@change
def replace_the_folder(experiment: WorkDir, name: str, number: int) -> None:
    remove(experiment, name, number)
    make(experiment, name, number)


@change
def copy_over_with_its_times(experiment: WorkDir, name: str, number: int) -> None:
    source, target = run_of(experiment, name).path, run_of(experiment, str(number % 12)).path
    if source.exists() and source != target:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)  # modification times are kept, as by rsync


@change
def exchange_two_runs(experiment: WorkDir, name: str, number: int) -> None:
    one, other = run_of(experiment, name).path, run_of(experiment, str(number % 12)).path
    if one.exists() and other.exists() and one != other:
        aside = experiment.path / ".aside"
        one.rename(aside)
        other.rename(one)
        aside.rename(other)


@change
def set_times(experiment: WorkDir, name: str, number: int) -> None:
    if (path := run_of(experiment, name).record_path).exists():
        os.utime(path, (number, 4e9 if number % 2 else 0))


@change
def link_inside(experiment: WorkDir, name: str, number: int) -> None:
    link = experiment.path / f"link-{number}"
    if not link.is_symlink():
        link.symlink_to(name)


@change
def link_outside(experiment: WorkDir, name: str, number: int) -> None:
    outside = WorkDir(experiment.path.with_name("outside"))
    outside.path.mkdir(exist_ok=True)
    run = write_run(outside, "0", number)
    link = experiment.path / f"away-{number}"
    if not link.is_symlink():
        link.symlink_to(run.path)


@change
def link_a_file(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    if not run.path.exists() or run.path.is_symlink():
        return
    outside = write_run(WorkDir(experiment.path.parent), "away", number)
    target = outside.record_path if number % 2 else run_of(experiment, "1").record_path
    if run.record_path != target and not run.record_path.is_dir():
        run.record_path.unlink(missing_ok=True)
        run.record_path.symlink_to(target)


@change
def put_something_else_there(experiment: WorkDir, name: str, number: int) -> None:
    (experiment.path / f"notes-{number}").write_text("nothing of stride's")
    (experiment.path / f"folder-{number}").mkdir(exist_ok=True)


@change
def write_a_table(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        run.logs_path.mkdir(exist_ok=True)
        run.metrics_path.write_text(f"epoch,val_loss\n1,{number}\n2,nan\n3,-inf\n4,{number / 2}\n")


@change
def write_results(experiment: WorkDir, name: str, number: int) -> None:
    if (run := run_of(experiment, name)).path.exists():
        run.results_path.mkdir(exist_ok=True)
        run.results_metrics_path.write_text(json.dumps({"test_loss": number, "x": "inf"}))


@change
def link_the_logs_elsewhere(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    if run.path.exists() and not run.logs_path.exists():
        outside = experiment.path.parent / "logs"
        outside.mkdir(exist_ok=True)
        (outside / "metrics.csv").write_text("epoch,val_loss\n1,0\n")
        run.logs_path.symlink_to(outside)


def caches(experiment: WorkDir) -> list[Path]:
    return sorted(experiment.cache_path.glob("index*"))


@change
def remove_the_caches(experiment: WorkDir, name: str, number: int) -> None:
    shutil.rmtree(experiment.cache_path, ignore_errors=True)


@change
def truncate_a_cache(experiment: WorkDir, name: str, number: int) -> None:
    for path in caches(experiment):
        os.truncate(path, path.stat().st_size * number // 100)


@change
def garble_a_cache(experiment: WorkDir, name: str, number: int) -> None:
    for path in caches(experiment):
        content = bytearray(path.read_bytes())
        content[len(content) * number // 100] ^= 1 + number
        path.write_bytes(content)


@change
def keep_a_copy_of_the_caches(experiment: WorkDir, name: str, number: int) -> None:
    for path in caches(experiment):
        shutil.copy2(path, experiment.path.parent / path.name)


@change
def put_the_copy_back(experiment: WorkDir, name: str, number: int) -> None:
    for path in experiment.path.parent.glob("index*"):
        experiment.cache_path.mkdir(exist_ok=True)
        shutil.copy2(path, experiment.cache_path / path.name)


@change
def move_the_experiment_and_back(experiment: WorkDir, name: str, number: int) -> None:
    moved = WorkDir(experiment.path.with_name("moved"))
    experiment.path.rename(moved.path)
    assert_agrees(moved, LATER)
    moved.path.rename(experiment.path)


def assert_agrees(experiment: WorkDir, moment: int | None) -> None:
    for parts in ((), tuple(Part)):
        table = read_index(experiment, parts, moment=moment)
        folders = said_by_folders(experiment, parts)
        assert list(table.names) == list(folders)
        assert comparable(said_by_index(table)) == comparable(folders)


steps = st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 13), st.integers(0, 99))
moments = st.sampled_from([LATER, LATER, None, 0])


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
