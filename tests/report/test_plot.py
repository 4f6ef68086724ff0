"""A plot: which curves, in which panels, and under which names."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.errors import UsageError
from stride.report.curves import By
from stride.report.plot import Plot, Wanted, quantity, read_plot, times_unit
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def plot(*runs: Run, **wanted: object) -> Plot:
    return read_plot([read_row(run) for run in runs], Wanted(**wanted))  # type: ignore[arg-type]


@pytest.fixture
def losses(tmp_path: Path) -> Callable[..., Run]:
    """Make a run with so many epochs of train_loss and val_loss."""

    def make(epochs: int = 3, seed: int = 0, lr: float = 0.1, base: float = 1.0) -> Run:
        config = {"seed": seed, "device": f"cuda:{seed}", "optimizer_kwargs": {"lr": lr}}
        run = WorkDir(tmp_path / "exp").create(config)
        for epoch in range(1, epochs + 1):
            run.metrics.append(
                {
                    "epoch": epoch,
                    "step": 10 * epoch,
                    "train_loss": base / epoch,
                    "val_loss": 2 * base / epoch,
                }
            )
        return run

    return make


def test_without_a_name_the_monitor_is_drawn(trained: Callable[..., Run]) -> None:
    (panel,) = plot(trained()).panels
    assert [line.metric for line in panel.lines] == ["val_accuracy"]


def test_metrics_of_a_quantity_share_a_panel(losses: Callable[..., Run]) -> None:
    (panel,) = plot(losses(), metrics=["*_loss"]).panels
    assert panel.heading == "loss"
    assert [(line.metric, line.colour, line.style) for line in panel.lines] == [
        ("train_loss", 0, 0),
        ("val_loss", 0, 1),
    ]


@pytest.mark.parametrize(
    ("metric", "measures"),
    [("val_loss", "loss"), ("test_f1", "f1"), ("lr", "lr"), ("val_", "val_")],
)
def test_the_quantity_is_the_name_without_the_split(metric: str, measures: str) -> None:
    assert quantity(metric) == measures


def test_labels_tell_what_differs_and_nothing_that_changes_no_result(
    losses: Callable[..., Run],
) -> None:
    (panel,) = plot(losses(), losses(seed=1, lr=0.2), metrics=["val_loss"]).panels
    assert [line.label for line in panel.lines] == ["0  seed=0 lr=0.1", "1  seed=1 lr=0.2"]


def test_runs_of_two_experiments_are_named_in_full(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        runs.append(WorkDir(tmp_path / name).create({"seed": 1}))
        runs[-1].metrics.append({"epoch": 1, "loss": 1.0})
    (panel,) = plot(*runs).panels
    assert [line.label for line in panel.lines] == [run.address for run in runs]


def test_seeds_become_a_band(losses: Callable[..., Run]) -> None:
    runs = [losses(seed=0), losses(seed=1, base=3.0), losses(seed=0, lr=0.5)]
    (panel,) = plot(*runs, metrics=["val_loss"], group_by=["config"]).panels
    band, alone = panel.lines
    assert band.label == "lr=0.1  (runs 0, 1)"
    assert (band.low, band.high) == ([2.0, 1.0, 2 / 3], [6.0, 3.0, 2.0])
    assert band.y == pytest.approx([4.0, 2.0, 4 / 3])
    assert (alone.label, alone.low) == ("lr=0.5  (run 2)", None)


def test_runs_are_grouped_by_keys(losses: Callable[..., Run]) -> None:
    runs = [losses(seed=0, lr=0.1), losses(seed=0, lr=0.2), losses(seed=1)]
    (panel,) = plot(*runs, metrics=["val_loss"], group_by=["seed"]).panels
    assert [line.label for line in panel.lines] == ["seed=0  (runs 0, 1)", "seed=1  (run 2)"]


def test_over_steps_where_a_metric_is_logged_by_steps(losses: Callable[..., Run]) -> None:
    run = losses()
    assert plot(run, metrics=["val_loss"]).by is By.EPOCH
    run.steps.append({"step": 1, "loss": 3.0})
    run.steps.flush()
    assert plot(run, metrics=["loss", "val_loss"]).by is By.STEP


def test_smoothing_comes_before_the_band(losses: Callable[..., Run]) -> None:
    (panel,) = plot(losses(), metrics=["val_loss"], smoothing=0.5).panels
    assert panel.lines[0].y == pytest.approx([2.0, (0.5 + 0.5) / 0.75, (0.5 + 1 / 3) / 0.875])


def test_what_is_not_drawn_is_said(losses: Callable[..., Run], tmp_path: Path) -> None:
    whole, torn = losses(), losses()
    empty = WorkDir(tmp_path / "exp").create({})
    whole.metrics.append({"epoch": 4, "step": 40, "val_loss": math.inf})
    torn.metrics_path.write_bytes(b"\xff\n")
    found = plot(whole, torn, empty, metrics=["val_loss"])
    assert [line.runs for line in found.panels[0].lines] == [(whole.address,)]
    first, second, third = found.notes
    assert "not a table" in first
    assert second == f"{empty.address} has no metrics yet"
    assert third.endswith("1 value of val_loss not finite, a gap in the curve")


def test_a_run_whose_config_cannot_be_read_is_drawn_all_the_same(
    losses: Callable[..., Run],
) -> None:
    run = losses()
    run.config_path.write_text("{")
    found = plot(run, metrics=["val_loss"])
    assert len(found.panels[0].lines) == 1
    assert "config.json" in found.notes[0]


def test_a_metric_that_none_has_is_refused(losses: Callable[..., Run]) -> None:
    with pytest.raises(UsageError, match="did you mean val_loss"):
        plot(losses(), metrics=["val_los"])


def test_a_key_that_may_be_several_is_refused(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"a": {"size": 1}, "b": {"size": 2}})
    run.metrics.append({"epoch": 1, "loss": 1.0})
    with pytest.raises(UsageError, match=r"may be a\.size or b\.size"):
        plot(run, group_by=["size"])
    with pytest.raises(UsageError, match="did you mean"):
        plot(run, group_by=["a.siz"])


@pytest.mark.parametrize(
    ("seconds", "name"), [(30, "seconds"), (600, "minutes"), (9000, "hours"), (3e5, "days")]
)
def test_the_unit_of_time_suits_the_longest(seconds: float, name: str) -> None:
    assert times_unit(seconds)[1] == name
