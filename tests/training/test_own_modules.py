"""Modules of the user's own: found without being run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stride.errors import CodeReferenceError
from stride.training.own_modules import find_module


def test_a_module_is_found_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "own_package_b"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").touch()
    (package / "model.py").write_text("from .parts import x\nraise AssertionError('it was run')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_module("own_package_b.model")
    assert found.path == package / "model.py"
    assert [file.name for file in found.files] == ["__init__.py", "model.py", "parts.py"]
    assert found.root == package


def test_of_an_installed_module_the_one_file_counts() -> None:
    found = find_module("json.decoder")
    assert [file.name for file in found.files] == ["decoder.py"]


def test_a_module_that_is_not_written_in_python_has_no_file() -> None:
    assert find_module("builtins").path is None


def test_nothing_stays_on_the_search_path_where_nothing_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodeReferenceError, match="there is no module"):
        find_module("not_there_at_all.model")
    assert str(tmp_path) not in sys.path


def test_a_package_that_fails_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "own_package_c"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CodeReferenceError, match="RuntimeError: no licence"):
        find_module("own_package_c.model")
