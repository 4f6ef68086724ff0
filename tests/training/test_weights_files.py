"""Weights files and their digests agree, also after writings that were killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from stride.files import sha256_of_file
from stride.store.attempt import Attempt
from stride.store.weights_digests import BEFORE
from stride.store.work_dir import WorkDir
from stride.training.supervised import Supervised
from stride.training.weights_files import WeightsFiles, recording

NAME = "last.safetensors"


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    with WorkDir(tmp_path / "exp").create({}).start() as attempt:
        yield attempt


@pytest.fixture
def model() -> torch.nn.Linear:
    return torch.nn.Linear(2, 2)


@pytest.fixture
def files(attempt: Attempt, model: torch.nn.Linear) -> WeightsFiles:
    return WeightsFiles(attempt.run, attempt, model, Supervised(loss_name="MSELoss"))


def _die_inside(attempt: Attempt, digest: str) -> None:
    """As a kill between the record and the file: what stands behind the `with` is not reached."""
    recording(attempt, NAME, digest).__enter__()


def _agrees(attempt: Attempt) -> bool:
    return attempt.record.digests == {NAME: sha256_of_file(attempt.run.weights_file(NAME))}


def test_a_writing_that_was_killed_before_the_file_was_replaced_is_done_again(
    attempt: Attempt, model: torch.nn.Linear, files: WeightsFiles
) -> None:
    files.write(NAME)
    old = sha256_of_file(attempt.run.weights_file(NAME))
    torch.nn.init.ones_(model.weight)
    files.write(NAME)
    new = sha256_of_file(attempt.run.weights_file(NAME))
    torch.nn.init.zeros_(model.weight)
    files.write(NAME)
    _die_inside(attempt, new)
    torch.nn.init.ones_(model.weight)
    files.write(NAME)
    assert old != new == sha256_of_file(attempt.run.weights_file(NAME))
    assert _agrees(attempt)


def test_a_writing_that_was_killed_twice_leaves_the_digest_of_the_file_as_it_is(
    attempt: Attempt, files: WeightsFiles
) -> None:
    files.write(NAME)
    old = sha256_of_file(attempt.run.weights_file(NAME))
    _die_inside(attempt, "sha256:1")
    _die_inside(attempt, "sha256:2")
    assert attempt.record.digests == {NAME: "sha256:2", NAME + BEFORE: old}
    files.load(NAME)


def test_a_writing_that_was_killed_after_the_file_was_replaced_leaves_one_digest(
    attempt: Attempt, files: WeightsFiles
) -> None:
    files.write(NAME)
    _die_inside(attempt, sha256_of_file(attempt.run.weights_file(NAME)))
    files.write(NAME)
    assert _agrees(attempt)


def test_a_file_that_was_never_written_has_no_digest_of_before(
    attempt: Attempt, files: WeightsFiles
) -> None:
    _die_inside(attempt, "sha256:1")
    _die_inside(attempt, "sha256:2")
    files.write(NAME)
    assert _agrees(attempt)
