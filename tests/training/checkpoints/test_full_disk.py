"""A disk that fills up during a save costs that save, and nothing else."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.store.position import Position
from stride.store.run import Run
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import read_newest


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("background", [True, False])
def test_the_older_checkpoint_stays_and_the_next_save_works(
    run: Run,
    state_at: Callable[[int], dict[str, Any]],
    background: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs(background=background, keep=1))
    large = {"weight": torch.ones(100_000)}
    checkpoints.save(large, Position(10, 1, 10))
    checkpoints.finish()
    for size in (0, 500, 200_000):  # at the first byte, in a small file, in the large one
        with no_file_larger_than(size):
            checkpoints.save(large, Position(20, 1, 20))
            checkpoints.finish()
        assert checkpoints.failure is not None
        assert "the file would be larger than the limit allows" in checkpoints.failure
        assert sorted(path.name for path in run.checkpoints_path.iterdir()) == [
            "newest.json",
            "step-00000010",
        ]
    assert [saved.position.step for saved in checkpoints.outcomes()] == [10]
    assert len(caplog.messages) == checkpoints.failures == 3
    assert caplog.messages[0].endswith("allows; the checkpoints before it are as they were")
    checkpoints.save(large, Position(30, 1, 30))
    checkpoints.finish()
    found = read_newest(run)
    assert found is not None
    assert found.manifest.position.step == 30


FILLING = """
import sys
from pathlib import Path
import torch
from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.store.work_dir import WorkDir
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.store.position import Position
from stride.training.checkpoints.reading import read_newest

def fill(path, left):
    with path.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(65536)):
                pass
        except OSError:
            pass
        stream.truncate(stream.tell() - left)

run = WorkDir(Path(sys.argv[1]) / "exp").create({})
filler = run.work_dir / "filler"
checkpoints = Checkpoints(run, CheckpointKwargs(keep=1))
state = {"weight": torch.ones(500_000)}

def save(step):
    checkpoints.save(state, Position(step, 1, step))
    checkpoints.finish()
    return checkpoints.failure

assert save(1) is None
fill(filler, 1_000_000)
said = save(2)
assert "3.0 MB are needed, 1.0 of them to spare, and 1." in said, said
fill(filler, 0)
run.metrics.append({"step": 3})
said = save(3)
assert "are free on the disk" in said or "the disk is full" in said, said
filler.unlink()
found = read_newest(run)
assert found.manifest.position.step == 1 and found.skipped == ()
assert save(4) is None
assert sorted(path.name for path in run.checkpoints_path.iterdir()) == [
    "newest.json", "step-00000004"
]
assert run.metrics.read() == [{"step": 3}]
print("survived")
"""


def test_the_space_is_looked_at_first(tmp_path: Path) -> None:
    """On a disk of 8 MB that is really full."""
    mount = 'mount -t tmpfs -o size=8m none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-r", "-m", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FILLING],
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    assert done.stdout == "survived\n", done.stderr
