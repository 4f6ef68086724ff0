"""stride.report.scaling_picture: a picture in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.report.scaling import Comparison, read_scaling
from stride.report.scaling_picture import draw_scaling
from stride.store.work_dir import WorkDir
from tests.report.trained_runs import trained

pytest.importorskip("matplotlib", reason="matplotlib comes with the extra `report`")


@pytest.fixture
def comparisons(tmp_path: Path) -> tuple[Comparison, ...]:
    """Two trainings, one of them on one rank and on 4 ranks of two machines."""
    trained(tmp_path, 1, [1.0, 10.0])
    trained(tmp_path, 4, [1.0, 30.0], nodes=2)
    trained(tmp_path, 2, [1.0, 10.0], optimizer_kwargs={"optimizer_name": "$x_{1}$", "lr": None})
    trained(tmp_path, 3, [1.0, 12.0], optimizer_kwargs={"optimizer_name": "$x_{1}$", "lr": None})
    return read_scaling(WorkDir(tmp_path).runs()).comparisons


def test_a_picture_has_a_line_for_each_training_and_the_ideal_one(
    comparisons: tuple[Comparison, ...],
) -> None:
    text = draw_scaling(comparisons, "svg").decode()
    assert len(comparisons) == 2
    for word in ("ideal", "speed-up", "ranks", "2 machines", "optimizer_kwargs.lr=0.1", "=$x_{1}$"):
        assert word in text, word


def test_the_same_figures_are_the_same_bytes(comparisons: tuple[Comparison, ...]) -> None:
    assert draw_scaling(comparisons, "svg") == draw_scaling(comparisons, "svg")


def test_a_picture_may_be_a_png(comparisons: tuple[Comparison, ...]) -> None:
    assert draw_scaling(comparisons, "png").startswith(b"\x89PNG")
