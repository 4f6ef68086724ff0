"""Runs that are equal become one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.report.curves import Curves
from stride.report.line_groups import line_groups
from stride.store.row import read_row
from stride.store.work_dir import WorkDir


def labels(folder: Path, configs: list[dict[str, Any]], *group_by: str) -> list[str]:
    runs = [WorkDir(folder).create(config) for config in configs]
    found = line_groups([read_row(run) for run in runs], [Curves(run) for run in runs], group_by)
    return [f"{len(group.members)}: {group.label}" for group in found]


def test_all_that_changes_a_result_but_the_seed_counts(tmp_path: Path) -> None:
    configs = [
        {"seed": seed, "device": f"cuda:{seed}", "lr": lr} for lr in (1, 2) for seed in range(6)
    ]
    assert labels(tmp_path / "exp", configs, "config") == [
        "6: lr=1  (runs 0, 1, 2, 3, 4, ...)",
        "6: lr=2  (runs 6, 7, 8, 9, 10, ...)",
    ]


@pytest.mark.parametrize(
    ("values", "count"), [((1, 1.0), 1), ((1, True), 2), (([1, 2], [1.0, 2.0]), 1), ((None, 0), 2)]
)
def test_numbers_are_equal_as_they_are_everywhere(
    tmp_path: Path, values: tuple[Any, ...], count: int
) -> None:
    assert len(labels(tmp_path / "exp", [{"a": value} for value in values], "a")) == count


def test_a_key_that_a_run_does_not_have_is_a_value_of_its_own(tmp_path: Path) -> None:
    configs: list[dict[str, Any]] = [{"a": {"b": 1}}, {"a": {}}, {"a": {"b": None}}]
    assert len(labels(tmp_path / "exp", configs, "config.a.b")) == 3
