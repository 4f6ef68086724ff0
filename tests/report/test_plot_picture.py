"""The picture of a plot."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from stride.report.plot import Plot, Wanted, read_plot
from stride.store.row import read_row
from stride.store.run import Run

pytest.importorskip("matplotlib", reason="matplotlib comes with the extra `report`")

from stride.report.plot_picture import draw_picture

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture
def drawn(trained: Callable[..., Run]) -> Plot:
    runs = [trained(0.8), trained(0.9, seed=1), trained(0.7, seed=2)]
    runs[0].metrics.append({"epoch": 3, "val_accuracy": math.nan})
    runs[0].metrics.append({"epoch": 4, "val_accuracy": 0.5})
    return read_plot([read_row(run) for run in runs], Wanted(group_by=["config"]))


@pytest.mark.parametrize("format", BEGINNINGS)
@pytest.mark.parametrize("log", [False, True])
def test_a_picture_is_the_same_for_the_same_curves(drawn: Plot, format: str, log: bool) -> None:
    content = draw_picture(drawn, format, log=log, log_x=log)
    assert content.startswith(BEGINNINGS[format])
    assert content == draw_picture(drawn, format, log=log, log_x=log)


def test_labels_with_signs_of_formulas_are_text(trained: Callable[..., Run]) -> None:
    first = trained(optimizer_kwargs={"optimizer_name": "$\\frac{1}$ 漢"})
    second = trained(optimizer_kwargs={"optimizer_name": "_hidden"})
    found = read_plot([read_row(first), read_row(second)], Wanted())
    assert b"_hidden" in draw_picture(found, "svg", log=False, log_x=False)
