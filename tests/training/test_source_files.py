"""Source files: which belong to a thing, their digest, and that none lies in an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.errors import CodeReferenceError
from stride.training.source_files import (
    check_outside_experiments,
    digest_of_sources,
    source_files,
)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder.joinpath(*name.split("__in__")[::-1]).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(folder: Path, start: str, package: str = "") -> list[str]:
    files = source_files(folder / start, folder, package)
    return [path.relative_to(folder).as_posix() for path in files]


def test_relative_imports_are_followed_and_nothing_else(tmp_path: Path) -> None:
    write(
        tmp_path,
        task="import torch\nfrom .model import Net\nfrom . import data",
        model="from .blocks.basic import Block",
        data="x = 1",
        unrelated="y = 2",
        basic__in__blocks="from ..data import x",
    )
    assert names(tmp_path, "task.py") == ["blocks/basic.py", "data.py", "model.py", "task.py"]


def test_imports_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, a="from .b import x", b="from . import a")
    assert names(tmp_path, "a.py") == ["a.py", "b.py"]


def test_absolute_imports_of_the_own_package_are_followed(tmp_path: Path) -> None:
    write(
        tmp_path, __init__="", model="import pkg.layers\nfrom pkg import data", layers="", data=""
    )
    found = names(tmp_path, "model.py", "pkg")
    assert found == ["__init__.py", "data.py", "layers.py", "model.py"]


def test_imports_from_above_the_folder_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, outside="")
    write(tmp_path / "inner", model="from ..outside import x")
    assert names(tmp_path / "inner", "model.py") == ["model.py"]


def test_the_digest_changes_with_a_file_that_is_imported(tmp_path: Path) -> None:
    write(tmp_path, task="from .model import Net", model="Net = 1")
    files = source_files(tmp_path / "task.py", tmp_path)
    first = digest_of_sources(files, tmp_path)
    (tmp_path / "model.py").write_text("Net = 2")
    assert digest_of_sources(files, tmp_path) != first


def test_the_digest_does_not_depend_on_the_place(tmp_path: Path) -> None:
    digests = set()
    for place in ("here", "there"):
        folder = write(tmp_path / place, model="Net = 1")
        digests.add(digest_of_sources([folder / "model.py"], folder))
    assert len(digests) == 1


def test_a_file_that_is_no_python_is_named_with_the_line(tmp_path: Path) -> None:
    write(tmp_path, model="x = 1\ndef (")
    with pytest.raises(CodeReferenceError, match=r"model\.py, line 2"):
        source_files(tmp_path / "model.py", tmp_path)


@pytest.mark.parametrize("place", ["exp/model.py", "exp/0/code/model.py"])
def test_a_file_inside_an_experiment_is_refused(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    (tmp_path / "exp" / "config.json").write_text('{"format": 1}')
    with pytest.raises(CodeReferenceError, match=f"inside the experiment {tmp_path / 'exp'}"):
        check_outside_experiments(path)


def test_symbolic_links_are_looked_at_from_both_ends(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "config.json").write_text('{"format": 1}')
    (tmp_path / "exp" / "model.py").touch()
    (tmp_path / "free.py").touch()
    (tmp_path / "link.py").symlink_to(tmp_path / "exp" / "model.py")
    (tmp_path / "exp" / "link.py").symlink_to(tmp_path / "free.py")
    for path in (tmp_path / "link.py", tmp_path / "exp" / "link.py"):
        with pytest.raises(CodeReferenceError, match="inside the experiment"):
            check_outside_experiments(path)


@pytest.mark.parametrize("content", ['{"format": "v2"}', '{"name": "app"}', "[]", "", "not json"])
def test_the_config_of_another_tool_makes_no_experiment(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    check_outside_experiments(tmp_path / "model.py")
