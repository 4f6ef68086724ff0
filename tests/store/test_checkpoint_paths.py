"""The names of checkpoints, and their order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import RunNameError, StorageError
from stride.store.checkpoint_paths import CheckpointFolder, CheckpointPaths
from stride.store.run import Run

MOMENTS = st.tuples(st.integers(0, 10**12), st.integers(1, 12))


def test_a_run_has_them_in_its_folder(tmp_path: Path) -> None:
    run = Run(tmp_path)
    paths = run.checkpoint_paths
    assert paths.path == run.checkpoints_path == tmp_path / "checkpoints"
    folder = paths.folder(1347)
    assert folder.name == "step-00001347"
    assert folder.file("tensors.safetensors") == folder.tensors_path
    assert folder.file("weights/best.safetensors") == folder.weights_file("best.safetensors")
    assert folder.name_of(folder.weights_file("best.safetensors")) == "weights/best.safetensors"
    assert paths.committed() == paths.leftovers() == []


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_a_later_one_has_a_larger_order(one: tuple[int, int], other: tuple[int, int]) -> None:
    paths = CheckpointPaths(Path("exp/0/checkpoints"))
    assert (paths.folder(*one).order < paths.folder(*other).order) == (one < other)
    assert paths.folder(*one).order == one


def test_only_whole_ones_are_listed_the_newest_first(tmp_path: Path) -> None:
    paths = CheckpointPaths(tmp_path)
    folders = [paths.folder(9), paths.folder(10), paths.folder(10, 2), paths.folder(10, 11)]
    others = [paths.staging_folder(12).path, paths.removed_path(folders[0]), tmp_path / "step-x"]
    for path in (*(folder.path for folder in folders), *others):
        path.mkdir()
    assert paths.committed() == folders[::-1]
    assert set(paths.leftovers()) == set(others[:2])


@pytest.mark.parametrize("name", ["../run.json", "weights/../x", "a/b", "/etc/x", "", "weights/"])
def test_no_file_of_a_checkpoint_lies_elsewhere(name: str) -> None:
    with pytest.raises(RunNameError):
        CheckpointFolder(Path("exp/0/checkpoints/step-00000001")).file(name)


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_bytes(b"")
    with pytest.raises(StorageError, match=r"cannot read .*checkpoints: a part of the path"):
        CheckpointPaths(tmp_path / "checkpoints").committed()
