"""A program for the tests: writes over and over, in children that are killed at random moments.

`python killed.py KIND FOLDER COUNT SEED` forks COUNT children one after another, lets each begin,
kills it by SIGKILL within a few milliseconds, and checks after each kill that all is whole. It
forks from a process of one thread and one import, so that a hundred kills take seconds.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from stride.files import read_json, write_exclusive, write_json
from stride.store.liveness import Life
from stride.store.record import Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.tables import Table

CONFIG = {"model_kwargs": {"hidden_dims": [64] * 200}, "text": "x" * 2000}


def whole(experiment: WorkDir) -> list[Run]:
    """The runs, each with both of its files whole; numbers without a gap."""
    if not experiment.exists():  # killed before there was an experiment
        assert not list(experiment.path.glob("[0-9]*"))
        return []
    runs = list(experiment.runs())
    numbers = [run.number for run in runs if run.number is not None]
    assert numbers == list(range(len(numbers))), numbers
    for run in runs:
        assert run.read_config()["text"] == CONFIG["text"]
        assert run.read_record().id
    return runs


def create(folder: Path) -> Iterator[None]:
    while True:
        WorkDir(folder / "exp").create(CONFIG)
        yield


def check_create(folder: Path) -> None:
    whole(WorkDir(folder / "exp"))


def found(folder: Path) -> Iterator[None]:
    """A new experiment each time: killed while it is made."""
    while True:
        WorkDir(folder / str(time.monotonic_ns()) / "exp").create(CONFIG, name="first")
        yield


def check_found(folder: Path) -> None:
    for path in folder.glob("*/exp"):
        experiment = WorkDir(path)
        runs = whole(experiment)
        assert len(runs) <= 1
        assert experiment.create(CONFIG).number == 0
        path.rename(folder / f"checked-{path.parent.name}")


def write(folder: Path) -> Iterator[None]:
    number = 0
    while True:
        number += 1
        write_json(folder / "x.json", {"number": number, "again": [number] * 2000})
        yield


def check_write(folder: Path) -> None:
    tree = read_json(folder / "x.json")
    assert tree["again"] == [tree["number"]] * 2000


def exclude(folder: Path) -> Iterator[None]:
    number = 0
    while True:
        number += 1
        write_exclusive(folder / f"x-{number}.json", b"[" + b"1," * 2000 + b"1]")
        yield


def check_exclude(folder: Path) -> None:
    for path in folder.glob("x-*.json"):
        assert len(read_json(path)) == 2001


def append(folder: Path) -> Iterator[None]:
    table = Table(folder / "t.csv")
    number = len(table.read())
    while True:
        row = {"number": number, "text": "x" * 500}
        if number % 50 == 49:  # now and then a column that is new, so that the file is rewritten
            row[f"column-{number}"] = number
        table.append(row)
        number += 1
        yield


def check_append(folder: Path) -> None:
    rows = Table(folder / "t.csv").read()
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert all(row["text"] == "x" * 500 for row in rows)
    if len(rows) > 500:
        (folder / "t.csv").unlink()


def cut(folder: Path) -> Iterator[None]:
    table = Table(folder / "t.csv")
    while True:
        table.append({"number": len(table.read()), "text": "x" * 500})
        rows = table.read()
        if len(rows) > 20:
            table.rewrite(rows[:10])
        yield


def attempt(folder: Path) -> Iterator[None]:
    experiment = WorkDir(folder / "exp")
    experiment.initialize()
    run = next(iter(experiment.runs()), None) or experiment.create(CONFIG)
    while True:  # short attempts, so that kills fall into their starts and ends as well
        with run.start() as trial:
            for step in range(5):
                trial.sign(step=step, metrics={"loss": 1 / (step + 1)})
                trial.write()
                run.metrics.append({"step": step, "loss": 1 / (step + 1)})
                yield
            trial.stop("asked to")


def check_attempt(folder: Path) -> None:
    for run in whole(WorkDir(folder / "exp")):
        record = run.read_record()
        if record.status is Status.RUNNING:
            assert run.status().life is Life.CRASHED, run.status()
        else:
            assert record.status in (Status.CREATED, Status.STOPPED)
        assert [one.number for one in record.attempts] == list(range(1, len(record.attempts) + 1))


def label(folder: Path) -> Iterator[None]:
    run = Run(folder)
    while True:
        run.write_labels(add_tags=(f"tag-{len(run.read_labels().tags)}",))
        yield


def check_label(folder: Path) -> None:
    tags = Run(folder).read_labels().tags
    assert list(tags) == [f"tag-{number}" for number in range(len(tags))]


KINDS: dict[str, tuple[Callable[[Path], Iterator[None]], Callable[[Path], None]]] = {
    "create": (create, check_create),
    "found": (found, check_found),
    "write": (write, check_write),
    "exclude": (exclude, check_exclude),
    "append": (append, check_append),
    "cut": (cut, check_append),
    "attempt": (attempt, check_attempt),
    "label": (label, check_label),
}


def kill_one(work: Callable[[Path], Iterator[None]], folder: Path, chance: random.Random) -> None:
    """Fork a child that works, and kill it at a random moment after its first piece of work."""
    begun, begin = os.pipe()
    if (child := os.fork()) == 0:
        try:
            for _ in work(folder):
                os.write(begin, b".")
        except Exception:  # noqa: BLE001 - whatever it is, the parent's test shows it
            traceback.print_exc()
        os._exit(70)
    os.close(begin)
    assert os.read(begun, 1) == b".", "the child died before it had done anything"
    time.sleep(chance.random() * 0.01)  # any moment will do
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.close(begun)


def main(kind: str, folder: Path, count: int, seed: int) -> None:
    """Kill `count` children; check after each."""
    work, check = KINDS[kind]
    chance = random.Random(seed)
    for _ in range(count):
        kill_one(work, folder, chance)
        check(folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
