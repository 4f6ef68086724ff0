"""A program for the tests: saves checkpoints over and over, and is killed inside of saves.

`python -m tests.training.checkpoints.saving FOLDER COUNT SEED` forks COUNT children one after
another. Each goes on from the newest checkpoint, and is killed by SIGKILL within milliseconds of a
moment inside a save: when the staging folder is there, when the new checkpoint is, or at any time.
After each kill all is looked at: the newest checkpoint is one that was promised or a later one,
nothing was passed over, and the best weights that belong to it can be put back.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.files import sha256_of
from stride.store.position import Position
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.checkpoints.best_files import put_back_best_files
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import read_newest

SIZE = 200_000


def state_at(step: int) -> dict[str, Any]:
    return {"weight": torch.full((SIZE,), float(step)), "step": step, "text": "x" * 5000}


def write_best(run: Run, step: int) -> dict[str, str]:
    """New best weights every third step, as a training writes them."""
    moment = step - step % 3
    content = f"best at {moment}".encode()
    run.weights_path.mkdir(exist_ok=True)
    if step == moment:
        temporary = run.weights_file("new")
        temporary.write_bytes(content)
        temporary.replace(run.weights_file("best"))
    return {"best.safetensors": sha256_of(content)}


def train(run: Run, promises: int, *, background: bool) -> None:
    """Save at every step, and say so through the pipe once a save is committed."""
    found = read_newest(run)
    step = 2
    if found is not None:
        put_back_best_files(run, found)
        step = found.manifest.position.step
    settings = CheckpointKwargs(keep=1, background=background)
    checkpoints = Checkpoints(run, settings, resumed=found)
    while True:
        step += 1
        digests = write_best(run, step)
        checkpoints.save(state_at(step), Position(step, 1, step), digests=digests)
        for saved in checkpoints.outcomes():
            os.write(promises, saved.position.step.to_bytes(8, "little"))
        assert checkpoints.failure is None, checkpoints.failure


def kill_one(run: Run, chance: random.Random) -> int:
    """Let a child train and kill it; the last step that it said is saved, 0 where there is none."""
    reading, writing = os.pipe()
    background = chance.random() < 0.5
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            train(run, writing, background=background)
        finally:
            os._exit(1)
    os.close(writing)
    step = int.from_bytes(os.read(reading, 8), "little")  # it is under way
    moment = chance.choice(["staging", "committed", "any"])
    began = time.monotonic()
    seen = {path.name for path in run.checkpoint_paths.path.iterdir()}
    while time.monotonic() - began < 1.0:
        new = {path.name for path in run.checkpoint_paths.path.iterdir()} - seen
        if moment == "any" or any(
            name.startswith("step-") == (moment == "committed") for name in new
        ):
            break
    time.sleep(chance.random() * (0.02 if moment == "any" else 0.004))
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    while promise := os.read(reading, 8):
        step = int.from_bytes(promise, "little")
    os.close(reading)
    return step


def check(run: Run, promised: int) -> None:
    found = read_newest(run)
    assert found is not None
    assert found.skipped == (), found.skipped
    step = found.manifest.position.step
    assert step >= promised, (step, promised)
    assert torch.equal(found.state["weight"], state_at(step)["weight"])
    assert found.state["step"] == step
    put_back_best_files(run, found)
    assert run.weights_file("best").read_text() == f"best at {step - step % 3}"


def main(folder: Path, count: int, seed: int) -> None:
    torch.set_num_threads(1)
    run = WorkDir(folder / "exp").create({})
    chance = random.Random(seed)
    inside = 0
    for _ in range(count):
        promised = kill_one(run, chance)
        inside += bool(run.checkpoint_paths.leftovers())
        check(run, promised)
    assert inside >= count / 4, f"only {inside} of {count} kills fell inside a save"
    Checkpoints(run, CheckpointKwargs(), resumed=read_newest(run))
    assert len(list(run.checkpoints_path.iterdir())) <= 3  # one or two checkpoints, the pointer
    sys.stdout.write("survived\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
