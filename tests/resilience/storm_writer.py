"""A process of a storm: creates, trains, removes and restores runs, and announces what is settled.

Called with the experiment, a file to announce in, its own number, and a file that says enough. What
it announces is true before it is announced, and stays true: `kept` and `gone` runs are touched no
more, a `long` one is trained until `ending` is announced.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from stride.store.attempt import Attempt
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.trash import remove_run, restore_run
from stride.store.work_dir import WorkDir


def value_of(by: int, turn: int) -> float:
    """The loss of a run: nobody else has it."""
    return by + turn / 10_000


def make(experiment: WorkDir, by: int, turn: int, *, name: str | None = None) -> Run:
    """A created run; its settings tell its loss."""
    return experiment.create({"by": by, "turn": turn, "loss": value_of(by, turn)}, name=name)


def sign(run: Run, attempt: Attempt, value: float) -> None:
    """One epoch: a row, and metrics of which each tells the other."""
    for epoch in (1, 2, 3):
        metrics = {"val_loss": value, "twice": 2 * value}
        run.metrics.append({"epoch": epoch, "step": epoch, **metrics})
        attempt.sign(step=epoch, epoch=epoch, max_epochs=3, metrics=metrics)
        attempt.best(
            BestRecord(monitor="val_loss", mode="min", value=value, epoch=epoch, metrics=metrics)
        )
        attempt.write()


def complete(experiment: WorkDir, by: int, turn: int, *, name: str | None = None) -> Run:
    """A run from its creation to its end."""
    run = make(experiment, by, turn, name=name)
    with run.start() as attempt:
        sign(run, attempt, value_of(by, turn))
    return run


class Announcements:
    """Lines of a file, each there at once and whole."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def say(self, word: str, run: Run, value: float) -> None:
        os.write(self._descriptor, f"{word} {run.name} {value}\n".encode())


def rage(experiment: WorkDir, said: Announcements, by: int, enough: Path) -> None:
    """Work until that is enough."""
    long = make(experiment, by, 0)
    with long.start() as attempt:
        sign(long, attempt, value_of(by, 0))
        said.say("long", long, value_of(by, 0))
        for turn in itertools.count(1):
            if enough.exists():
                break
            value = value_of(by, turn)
            run = complete(experiment, by, turn)
            if turn % 3 == 0:
                said.say("kept", run, value)
                continue
            entry = remove_run(run)
            if turn % 3 == 1:
                said.say("gone", run, value)
                continue
            for _ in range(2):
                entry = remove_run(restore_run(entry))
            said.say("kept", restore_run(entry), value)
        said.say("ending", long, value_of(by, 0))
    said.say("kept", long, value_of(by, 0))


if __name__ == "__main__":
    folder, file, number, enough_file = sys.argv[1:]
    announcements = Announcements(Path(file))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    rage(WorkDir(folder), announcements, int(number), Path(enough_file))
