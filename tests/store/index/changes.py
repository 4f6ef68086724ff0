"""What may happen to an experiment between two readings of it: each a function by its name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from stride.files import write_atomic
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.store.index.written_runs import attempt, put, record, write_run
from tests.store.index.written_runs import settings as config_of

Change = Callable[[WorkDir, str, int], None]
CHANGES: dict[str, Change] = {}
TORN = [b"", b"{", b'{"format": 1', b"\xff\xfe", b"[]", b'{"format": 99}', b"null", b"{}"]


def change(function: Change) -> Change:
    """Enter a change; it does nothing where it has nothing to work on."""
    CHANGES[function.__name__] = function
    return function


def take_away(path: Path) -> None:
    """Remove what is there, if anything is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder of a run that is there."""
    if path.parent.is_dir():
        path.mkdir(exist_ok=True)


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
    run = run_of(experiment, name)
    if run.record_path.is_file():
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
    run = run_of(experiment, name)
    settings = {"lr": number / 7, "model_kwargs.dropout": [number], "new.key": None}
    changed = record(number, attempts=[attempt(), attempt(number=2, settings=settings)])
    put(run.record_path, json.dumps(changed).encode())


@change
def write_another_config(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    config = {**config_of(number), "a.b": {"7": 2**70 + number, "c": [{"d": 1}, -0.0]}}
    put(run.config_path, json.dumps(config).encode())


@change
def label(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    put(run.labels_path, json.dumps({"format": 1, "tags": [f"t{number}"], "note": ""}).encode())


@change
def remove_labels(experiment: WorkDir, name: str, number: int) -> None:
    take_away(run_of(experiment, name).labels_path)


@change
def tear(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    path = [run.record_path, run.config_path, run.labels_path][number % 3]
    put(path, TORN[number % len(TORN)])


@change
def lose_a_file(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    take_away(run.record_path if number % 2 else run.config_path)


@change
def put_a_folder_in_place_of_a_file(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    if run.path.exists():
        take_away(run.record_path)
        run.record_path.mkdir()


@change
def remove(experiment: WorkDir, name: str, number: int) -> None:
    take_away(run_of(experiment, name).path)


@change
def replace_the_folder(experiment: WorkDir, name: str, number: int) -> None:
    remove(experiment, name, number)
    make(experiment, name, number)


@change
def copy_over_with_its_times(experiment: WorkDir, name: str, number: int) -> None:
    source, target = run_of(experiment, name).path, run_of(experiment, str(number % 12)).path
    if source.exists() and source != target:
        take_away(target)
        shutil.copytree(source, target, symlinks=True)  # with modification times, as by rsync


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
    outside = write_run(WorkDir(experiment.path.parent), "away", number)
    target = outside.record_path if number % 2 else run_of(experiment, "1").record_path
    if run.path.exists() and run.record_path != target:
        take_away(run.record_path)
        run.record_path.symlink_to(target)


@change
def put_something_else_there(experiment: WorkDir, name: str, number: int) -> None:
    (experiment.path / f"notes-{number}").write_text("nothing of stride's")
    (experiment.path / f"folder-{number}").mkdir(exist_ok=True)


@change
def write_a_table(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    make_folder(run.logs_path)
    table = f"epoch,val_loss\n1,{number}\n2,nan\n3,-inf\n4,{number / 2}\n"
    put(run.metrics_path, table.encode())


@change
def write_results(experiment: WorkDir, name: str, number: int) -> None:
    run = run_of(experiment, name)
    make_folder(run.results_path)
    put(run.results_metrics_path, json.dumps({"test_loss": number, "x": "inf"}).encode())


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
    take_away(experiment.cache_path)


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
