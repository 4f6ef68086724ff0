"""The table and the details of a page."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stride.report.page_details import build_details
from stride.report.page_runs import build_table
from stride.store.record import BestRecord
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def table(*runs: Run) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The table, and its columns as lists of values; a missing value is "missing"."""
    found = build_table([read_row(run) for run in runs])
    json.dumps(found, allow_nan=False)
    columns = {
        column["key"]: [
            column["values"][code - 1] if code else "missing" for code in column["codes"]
        ]
        for column in found["columns"]
    }
    return found, columns


def test_columns_are_run_fields_metrics_and_the_keys_that_differ(
    trained: Callable[..., Run],
) -> None:
    found, columns = table(trained(0.5), trained(0.7, seed=1))
    assert columns["run.name"] == ["0", "1"]
    assert columns["run.status"] == ["completed", "completed"]
    assert columns["metric.val_accuracy"] == [0.5, 0.7]
    assert columns["config.seed"] == [0, 1]
    assert "config.optimizer_kwargs.lr" not in columns
    assert found["common"]["optimizer_kwargs.lr"] == 0.001
    assert (found["monitor"], found["mode"]) == ("val_accuracy", "max")


def test_a_missing_value_is_not_null_and_nan_is_not_missing(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    runs = [experiment.create({"a": None}), experiment.create({})]
    with runs[0].start() as attempt:
        attempt.best(
            BestRecord(monitor="loss", mode="min", value=math.inf, metrics={"f": math.nan})
        )
    found, columns = table(*runs)
    assert columns["config.a"] == [None, "missing"]
    assert columns["metric.loss"] == ["inf", "missing"]
    assert columns["metric.f"] == ["nan", "missing"]
    assert "a" not in found["common"]


def test_an_unreadable_run_keeps_its_row(trained: Callable[..., Run]) -> None:
    whole, torn = trained(), trained()
    torn.record_path.write_text("{")
    torn.config_path.write_text("[]")
    _, columns = table(whole, torn)
    assert columns["run.status"] == ["completed", "unreadable"]
    assert columns["run.created"][1] == "missing"
    (_, told) = build_details([read_row(whole), read_row(torn)])["runs"]
    assert "run.json" in told["problem"]


def test_long_texts_are_cut(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"text": "x" * 100_000})
    run.write_labels(note="y" * 100_000)
    found, columns = table(run)
    assert len(found["common"]["text"]) == len(columns["run.note"][0]) == 2000
    assert found["common"]["text"].endswith("…")
