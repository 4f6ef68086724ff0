"""A user lists an experiment while eight processes create, train, remove and restore its runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stride.cli.app import app
from stride.store.row import read_row
from stride.store.work_dir import WorkDir
from tests.resilience.storm_writer import complete, value_of

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 8
STILL = 12
"""Runs that are there all the time, made by nobody of the storm."""
LOOKS = 15


@dataclass
class Settled:
    """What the processes have announced: runs by name, with their loss."""

    kept: dict[str, float] = field(default_factory=dict)
    gone: dict[str, float] = field(default_factory=dict)
    long: dict[str, float] = field(default_factory=dict)
    ending: dict[str, float] = field(default_factory=dict)


def read_settled(folder: Path) -> Settled:
    settled = Settled()
    for path in sorted(folder.glob("said-*")):
        for line in path.read_text().splitlines():
            word, name, value = line.split()
            getattr(settled, word)[name] = float(value)
    return settled


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, prog_name="stride", catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "unreadable" not in result.output, result.output
    return result.stdout


@contextmanager
def storm(folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Eight processes that begin together; they end when the file `enough` is there."""
    processes = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.resilience.storm_writer", "exp", f"said-{number}",
                str(number), "enough",
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(1, WRITERS + 1)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        (folder / "enough").touch()
        said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * WRITERS, said


def check(rows: list[dict[str, Any]], before: Settled, after: Settled, turn: int) -> None:
    """Each run that was there all the time is there once, whole, and with its own values."""
    by_name = {row["run"]: row for row in rows}
    assert len(by_name) == len(rows), turn
    assert len({row["id"] for row in rows}) == len(rows), turn
    assert not by_name.keys() & before.gone.keys(), turn
    assert by_name.keys() >= before.kept.keys() | before.long.keys(), turn
    for name, row in by_name.items():
        assert row["problem"] is None, row
        value = row["config"]["loss"]
        assert value == value_of(row["config"]["by"], row["config"]["turn"]), row
        metrics = {"val_loss": value, "twice": 2 * value}
        assert row["last"] in (metrics, {}), row
        assert [best["value"] for best in row["best"]] in ([value], []), row
        if row["status"] == "completed":
            assert row["last"] == metrics, row
            assert [best["metrics"] for best in row["best"]] == [metrics], row
            assert row["progress"]["epoch"] == 3, row
        else:
            assert row["status"] in ("created", "running"), row
        if name in before.kept:
            assert row["status"] == "completed", row
            assert value == before.kept[name], row
        if name in before.long and name not in after.ending:
            assert row["status"] == "running", row
            assert row["life"] == "alive", row


def lines_of(text: str) -> list[list[str]]:
    """The rows of a plain listing: what stands between the heading and the empty line, in words."""
    heading, *lines = text.split("\n\n")[0].splitlines()
    assert heading.split()[:2] == ["run", "status"]
    return [line.split() for line in lines]


def look(still: Iterable[str], folder: Path, turn: int) -> None:
    """One look by each kind of listing."""
    before = read_settled(folder)
    rows = json.loads(answer("list", "exp", "--json"))
    check(rows, before, read_settled(folder), turn)
    assert {row["run"] for row in rows} >= {*still}

    before = read_settled(folder)
    lines = lines_of(answer("list", "exp", "--limit", "0", "--columns", "status,loss,val_loss"))
    names = [line[0] for line in lines]
    assert len(set(names)) == len(names)
    assert {*names} >= {*still, *before.kept, *before.long}
    assert not {*names} & before.gone.keys()
    for _, status, loss, metric in lines:
        assert status in ("created", "running", "completed")
        assert metric == f"{float(loss):.4f}" or (metric == "-" and status != "completed")

    before = read_settled(folder)
    query = ("list", "exp", "--where", "val_loss < 0.00065 or by == 3", "--sort", "val_loss")
    found = json.loads(answer(*query, "--json"))
    check(found, Settled(), read_settled(folder), turn)
    asked = [row for row in found if row["config"]["by"] != 3]
    assert [row["run"] for row in asked] == [f"still-{number}" for number in range(7)]
    wanted = {name for name, value in before.kept.items() if 3 <= value < 4}
    assert {row["run"] for row in found} >= wanted
    assert not {row["run"] for row in found} & before.gone.keys()


def test_every_answer_is_whole_and_the_index_ends_as_the_folders_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = WorkDir("exp")
    still = [
        complete(experiment, 0, number, name=f"still-{number}").name for number in range(STILL)
    ]
    with storm(tmp_path) as processes:
        for turn in range(LOOKS):
            look(still, tmp_path, turn)
        assert all(process.poll() is None for process in processes)
    settled = read_settled(tmp_path)
    rows = json.loads(answer("list", "exp", "--json"))
    check(rows, settled, settled, -1)
    assert {row["run"] for row in rows} == {*still, *settled.kept}
    for row in rows:
        read = read_row(experiment.run(row["run"]))
        assert read.record is not None
        assert (read.record.id, read.status) == (row["id"], row["status"])
    shutil.rmtree(experiment.cache_path)
    assert json.loads(answer("list", "exp", "--json")) == rows
    assert sorted(path.name for path in experiment.trash_path.iterdir()) == sorted(settled.gone)
