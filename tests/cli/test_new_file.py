"""Where a command may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.cli.new_file import new_file
from stride.errors import UsageError


def test_a_new_name_with_a_known_ending_is_taken(tmp_path: Path) -> None:
    assert new_file(f"{tmp_path}/a.svg", ("png", "svg"), "a picture") == tmp_path / "a.svg"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.jpg", r"a picture is a \.png or \.svg"),
        ("there.svg", "exists already"),
        ("no/a.svg", "there is no folder"),
    ],
)
def test_another_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "there.svg").write_text("mine")
    with pytest.raises(UsageError, match=sentence):
        new_file(f"{tmp_path}/{name}", ("png", "svg"), "a picture")
    assert (tmp_path / "there.svg").read_text() == "mine"
