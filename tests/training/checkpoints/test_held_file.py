"""A file that is held gives its content, whatever became of its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.errors import StorageError
from stride.training.checkpoints.held_file import HeldFile


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "best"
    path.write_bytes(b"as it was")
    return path


def test_it_is_linked_where_it_still_has_its_name(source: Path, tmp_path: Path) -> None:
    held = HeldFile(source)
    held.appear_at(tmp_path / "link")
    held.close()
    assert (tmp_path / "link").samefile(source)


@pytest.mark.parametrize("replacement", [b"another", None])
def test_it_is_copied_where_its_name_is_gone(
    source: Path, tmp_path: Path, replacement: bytes | None
) -> None:
    held = HeldFile(source)
    if replacement is None:
        source.unlink()
    else:
        (tmp_path / "other").write_bytes(replacement)
        (tmp_path / "other").replace(source)
    for _ in range(2):
        held.appear_at(tmp_path / "link")
        assert (tmp_path / "link").read_bytes() == b"as it was"
    held.close()


def test_it_takes_the_place_of_another_at_once(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    held = HeldFile(source)
    held.replace(target)
    assert target.samefile(source)
    with pytest.raises(StorageError, match="cannot write"):
        held.replace(tmp_path / ("x" * 300))
    held.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "target"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="none: it is not there"):
        HeldFile(tmp_path / "none")
