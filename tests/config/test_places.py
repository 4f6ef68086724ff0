"""Paths inside a config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.config.places import absolute_path, absolute_reference, absolute_values
from stride.errors import ConfigError

HERE = Path("/here/now")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x.npz", "/here/now/x.npz"),
        ("../x y/ü.npz", "/here/x y/ü.npz"),
        ("./x", "/here/now/x"),
        ("/data/x", "/data/x"),
        ("~/x", f"{Path.home()}/x"),
        ("~", str(Path.home())),
        ("~other", "/here/now/~other"),
        ("https://a.b/c", "https://a.b/c"),
    ],
)
def test_a_path_is_taken_from_its_folder(text: str, path: str) -> None:
    assert absolute_path(text, HERE) == path


def test_the_way_back_from_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")
    assert absolute_path("link/../x", tmp_path) == f"{tmp_path}/link/../x"


def test_only_files_of_code_are_paths_among_names() -> None:
    assert absolute_reference("nets/a.py:Net", HERE) == "/here/now/nets/a.py:Net"
    assert absolute_reference("~/a.py:Net", HERE) == f"{Path.home()}/a.py:Net"
    assert absolute_reference("nets.a:Net", HERE) == "nets.a:Net"
    assert absolute_reference("MLP", HERE) == "MLP"


@pytest.mark.parametrize(
    ("value", "annotation", "absolute"),
    [
        ("x", Path, "/here/now/x"),
        ("x", str, "x"),
        ("x", Path | None, "/here/now/x"),
        (None, Path | None, None),
        (["x", "/y"], list[Path], ["/here/now/x", "/y"]),
        (["x", "n"], tuple[Path, str], ["/here/now/x", "n"]),
        (["x", "n", 3], tuple[Path, str], ["/here/now/x", "n", 3]),
        ({"a": "x"}, dict[str, Path], {"a": "/here/now/x"}),
        (3, Path, 3),
        ("x", Any, "x"),
    ],
)
def test_the_type_says_what_is_a_path(value: Any, annotation: Any, absolute: Any) -> None:
    assert absolute_values(value, annotation, HERE, "k") == absolute


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="k must be a path"):
        absolute_values(["a", ""], list[Path], HERE, "k")
