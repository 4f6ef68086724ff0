"""Folders of code as packages."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from stride.training.code_folders import package_of


def test_a_folder_has_one_package_for_all_its_files(tmp_path: Path) -> None:
    for name in ("model", "task"):
        (tmp_path / f"{name}.py").write_text(f"value = {name!r}")
    first = package_of(tmp_path, [tmp_path / "model.py"])
    assert package_of(tmp_path, [tmp_path / "task.py"]) == first
    assert import_module(f"{first}.task").value == "task"


def test_a_folder_that_is_a_package_starts_as_one(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("started = True")
    (tmp_path / "model.py").write_text("from . import started")
    assert import_module(package_of(tmp_path, []) + ".model").started


def test_folders_of_the_same_name_are_different_packages(tmp_path: Path) -> None:
    packages = set()
    for parent in ("a", "b"):
        folder = tmp_path / parent / "code"
        folder.mkdir(parents=True)
        packages.add(package_of(folder, []))
    assert len(packages) == 2


def test_a_name_that_is_no_identifier_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "my code-2 (copy)ä"
    folder.mkdir()
    (folder / "model.py").write_text("value = 3")
    assert import_module(package_of(folder, []) + ".model").value == 3


def test_a_changed_or_missing_file_begins_a_new_package(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("value = 1")
    names = [package_of(tmp_path, [path])]
    path.write_text("value = 22")
    names.append(package_of(tmp_path, [path]))
    path.unlink()
    names.append(package_of(tmp_path, []))
    assert len(set(names)) == 3
