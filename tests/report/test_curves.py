"""The curves of a run, out of its three tables."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from stride.errors import StoredFileError
from stride.report.curves import By, Curve, Curves
from stride.store.run import Run
from stride.store.work_dir import WorkDir


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Two epochs of ten steps, of three and of five seconds; a row every five steps."""
    made = WorkDir(tmp_path / "exp").create({})
    for epoch, seconds in ((1, 3.0), (2, 5.0)):
        made.metrics.append({"epoch": epoch, "step": 10 * epoch, "lr": 0.1, "val_loss": 1 / epoch})
        made.timings.append({"epoch": epoch, "step": 10 * epoch, "seconds": seconds})
    for step in (5, 10, 15, 20):
        made.steps.append({"step": step, "epoch": 1 + step // 11, "lr": 0.2, "loss": 10.0 / step})
    made.steps.flush()
    made.timings.flush()
    return made


def read(run: Run, name: str, by: By) -> Curve:
    curve = Curves(run).read(name, by)
    assert curve is not None
    return curve


def test_a_name_is_of_metrics_then_steps_then_timings(run: Run) -> None:
    names = Curves(run).names
    assert names["lr"] == ("metrics", "lr")
    assert names["steps.lr"] == ("steps", "lr")
    assert names["loss"] == ("steps", "loss")
    assert names["seconds"] == ("timings", "seconds")
    assert "epoch" not in names


def test_a_row_an_epoch_over_steps_epochs_and_time(run: Run) -> None:
    assert read(run, "val_loss", By.STEP) == Curve([10, 20], [1.0, 0.5])
    assert read(run, "val_loss", By.EPOCH) == Curve([1, 2], [1.0, 0.5])
    assert read(run, "val_loss", By.TIME) == Curve([3.0, 8.0], [1.0, 0.5])


def test_a_row_a_log_step_lies_between_epochs(run: Run) -> None:
    assert read(run, "loss", By.EPOCH).x == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert read(run, "loss", By.TIME).x == pytest.approx([1.5, 3.0, 5.5, 8.0])


def test_an_empty_cell_is_no_point_and_nan_is_a_gap(run: Run) -> None:
    run.metrics.append({"epoch": 3, "step": 30, "val_loss": None})
    run.metrics.append({"epoch": 4, "step": 40, "val_loss": math.nan})
    curve = read(run, "val_loss", By.EPOCH)
    assert curve.x == [1, 2, 4]
    assert math.isnan(curve.y[2])


def test_a_torn_last_line_is_passed_over(run: Run) -> None:
    with run.metrics_path.open("a") as stream:
        stream.write("3,30,0.1,0.")
    assert read(run, "val_loss", By.EPOCH).x == [1, 2]


def test_a_run_without_tables_has_no_curves(tmp_path: Path) -> None:
    curves = Curves(WorkDir(tmp_path / "exp").create({}))
    assert curves.names == {}
    assert curves.read("val_loss", By.STEP) is None


def test_without_timings_there_is_no_curve_over_time(run: Run) -> None:
    run.timings_path.unlink()
    assert Curves(run).read("val_loss", By.TIME) is None


def test_a_file_that_is_no_table_is_said(run: Run) -> None:
    run.metrics_path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(StoredFileError, match=r"metrics\.csv is not a table"):
        _ = Curves(run).names


def test_a_link_out_of_the_experiment_is_not_followed(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    run.metrics_path.rename(outside)
    run.metrics_path.symlink_to(outside)
    with pytest.raises(StoredFileError, match="leads out of the experiment"):
        _ = Curves(run).names
