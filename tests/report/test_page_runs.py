"""The table and the details of a page."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stride.report.page_runs import build_details, build_table
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


def test_details_hold_attempts_results_and_the_error(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"seed": 1}, overrides=("seed=1",))
    try:
        with run.start(settings={"seed": 2}):
            run.save_results({"test_loss": 0.5})
            raise RuntimeError("out of luck")
    except RuntimeError:
        pass
    found = build_details([read_row(run)])
    (told,) = found["runs"]
    assert told["error"]["message"] == "out of luck"
    assert told["results"] == {"metrics": {"test_loss": 0.5}}
    assert told["changed"] == {"seed": [1, 1]}
    assert told["attempts"][0][0] == 1
    assert found["shared"][told["chosen"]] == ["seed"]


def test_runs_share_what_they_have_alike(
    trained: Callable[..., Run], known: Callable[[Run], Run]
) -> None:
    rows = [read_row(known(trained())) for _ in range(3)]
    found = build_details(rows)
    assert len({json.dumps(told["provenance"]) for told in found["runs"]}) == 1
    machine = next(value for value in found["shared"] if "host" in value)
    assert machine["python"]


def test_long_texts_are_cut(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"text": "x" * 100_000})
    run.write_labels(note="y" * 100_000)
    found, columns = table(run)
    assert len(found["common"]["text"]) == len(columns["run.note"][0]) == 2000
    assert found["common"]["text"].endswith("…")
