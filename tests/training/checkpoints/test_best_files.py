"""At a resume the files of best weights are those of the checkpoint's moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.errors import StorageError
from stride.store.position import Position
from stride.store.run import Run
from stride.training.checkpoints.best_files import put_back_best_files
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import Found, read_newest

WriteBest = Callable[..., dict[str, str]]


@pytest.fixture
def found(run: Run, state_at: Callable[[int], dict[str, Any]], write_best: WriteBest) -> Found:
    """A checkpoint of a moment at which there was one file of best weights."""
    checkpoints = Checkpoints(run, CheckpointKwargs(background=False))
    checkpoints.save(state_at(5), Position(5, 1, 5), digests=write_best(b"best at 5"))
    found = read_newest(run)
    assert found is not None
    return found


def files(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.weights_path.iterdir()}


def test_one_that_became_better_later_is_put_back(
    run: Run, found: Found, write_best: WriteBest
) -> None:
    write_best(b"best at 9")
    write_best(b"the first of its kind", "best-val_f1.safetensors")
    write_best(b"of the end", "last.safetensors")
    for _ in range(2):
        put_back_best_files(run, found)
        assert files(run) == {"best.safetensors": b"best at 5", "last.safetensors": b"of the end"}


@pytest.mark.parametrize("content", [None, b"", b"best at 6"])
def test_one_that_is_missing_or_changed_is_put_back(
    run: Run, found: Found, content: bytes | None
) -> None:
    run.weights_file("best").unlink()
    if content is not None:
        run.weights_file("best").write_bytes(content)
    put_back_best_files(run, found)
    assert files(run) == {"best.safetensors": b"best at 5"}


def test_one_that_is_right_is_left_as_it_is(run: Run, found: Found) -> None:
    before = run.weights_file("best").stat()
    put_back_best_files(run, found)
    after = run.weights_file("best").stat()
    assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)


def test_the_checkpoint_stays_whole_when_the_file_is_replaced_again(
    run: Run, found: Found, write_best: WriteBest
) -> None:
    write_best(b"best at 9")
    put_back_best_files(run, found)
    write_best(b"best at 9")
    again = read_newest(run)
    assert again is not None
    assert again.skipped == ()


def test_a_folder_of_weights_that_is_gone_is_made_again(run: Run, found: Found) -> None:
    run.weights_file("best").unlink()
    run.weights_path.rmdir()
    put_back_best_files(run, found)
    assert files(run) == {"best.safetensors": b"best at 5"}


def test_a_link_that_is_gone_is_said(run: Run, found: Found, write_best: WriteBest) -> None:
    write_best(b"best at 9")
    run.checkpoint_paths.folder(5).weights_file("best.safetensors").unlink()
    with pytest.raises(StorageError, match=r"best\.safetensors: it is not there"):
        put_back_best_files(run, found)
    assert files(run) == {"best.safetensors": b"best at 9"}


def test_a_checkpoint_before_any_best_leaves_none(
    run: Run, state_at: Callable[[int], dict[str, Any]], write_best: WriteBest
) -> None:
    Checkpoints(run, CheckpointKwargs(background=False)).save(state_at(1), Position(1, 1, 1))
    first = read_newest(run)
    assert first is not None
    put_back_best_files(run, first)  # no folder of weights yet
    write_best(b"best at 2")
    put_back_best_files(run, first)
    assert files(run) == {}
