"""Stored configs of this and of other versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stride.config.format import FORMAT, MIGRATIONS
from stride.config.resolution import Resolved
from stride.config.stored import read_stored_config
from stride.errors import NewerFormatError, StoredFileError

Settle = Callable[..., Resolved]


def test_the_format_of_today_is_read_as_it_is(settle: Settle) -> None:
    tree = settle().config.to_json()
    assert read_stored_config(tree) == tree
    assert read_stored_config({"format": 1}) == {"format": 1}


def test_an_older_format_is_brought_up_by_one_step_a_number() -> None:
    def second(tree: dict[str, Any]) -> dict[str, Any]:
        tree["random_seed"] = tree.pop("seed")
        return tree

    def third(tree: dict[str, Any]) -> dict[str, Any]:
        return {**tree, "random_seed": tree["random_seed"] + 1}

    stored = {"format": 1, "seed": 3}
    steps = {1: second, 2: third}
    assert read_stored_config(stored, migrations=steps, newest=3) == {"format": 3, "random_seed": 4}
    assert stored == {"format": 1, "seed": 3}


def test_there_is_a_step_from_every_older_format() -> None:
    assert set(MIGRATIONS) == set(range(1, FORMAT))


def test_a_newer_format_is_told() -> None:
    with pytest.raises(NewerFormatError, match=r"^exp/3/config\.json is of format 2 and this"):
        read_stored_config({"format": FORMAT + 1}, "exp/3/config.json")


@pytest.mark.parametrize(
    "tree", [[], "x", None, {}, {"format": "1"}, {"format": True}, {"format": 0}]
)
def test_what_is_no_config_is_told(tree: Any) -> None:
    with pytest.raises(StoredFileError, match=r"config\.json"):
        read_stored_config(tree)
