"""The curves of a page: thinned, packed, and small."""

from __future__ import annotations

import base64
import json
import math
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from stride.report.curves import Curve
from stride.report.page_curves import RunCurves, pack_to_fit, read_curves, thinned
from stride.store.work_dir import WorkDir


def unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS))


def test_a_packed_page_holds_what_was_put_in() -> None:
    curve = Curve([10, 20, 25], [1.0, math.nan, 0.123456])
    packed = pack_to_fit([RunCurves({"loss": curve}, None, None)], {"runs": ["<é"]}, 10_000)
    assert unpacked(packed.text) == {
        "curves": {
            "metrics": ["loss"],
            "runs": [{"epochs": None, "seconds": None, "curves": [[0, [1, None, 0.1235]]]}],
            "places": [[10, 10, 5]],
        },
        "details": {"runs": ["<é"]},
    }


def test_curves_are_thinned_until_they_fit() -> None:
    draw = random.Random(0)
    values = [draw.random() for _ in range(200)]
    values[77] = 99.0
    curves = {str(metric): Curve([*range(200)], values) for metric in range(5)}
    runs = [RunCurves(curves, None, None)] * 20
    whole = pack_to_fit(runs, None, 1_000_000)
    small = pack_to_fit(runs, None, len(whole.text) // 3)
    assert whole.points == 200
    assert 10 <= small.points < 100
    assert len(small.text) <= len(whole.text) // 3
    tree = unpacked(small.text)["curves"]
    for run in tree["runs"]:
        for _, y in run["curves"]:
            assert len(y) <= small.points
            assert 99 in y


def test_where_nothing_fits_ten_points_are_left() -> None:
    runs = [RunCurves({"loss": Curve([*range(200)], [*range(200)])}, None, None)]
    assert pack_to_fit(runs, None, 1).points == 10


def test_a_thinned_curve_has_at_most_so_many_points() -> None:
    curve = Curve([*range(1000)], [math.sin(each) for each in range(1000)])
    assert len(thinned(curve, 200).x) <= 200
    assert thinned(curve, 1000) == curve


def test_a_clock_that_runs_evenly_has_two_pairs(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    for epoch in range(1, 101):
        run.metrics.append({"epoch": epoch, "step": 7 * epoch, "loss": 1.0})
        run.timings.append({"epoch": epoch, "step": 7 * epoch, "seconds": 2.0 + epoch % 2})
    run.timings.flush()
    found = read_curves(run)
    assert found.epochs is not None
    assert found.seconds is not None
    assert (found.epochs.steps, found.epochs.readings) == ([0.0, 700.0], [0.0, 100.0])
    assert found.seconds.at(700) == pytest.approx(250)
    assert len(found.seconds.steps) < 30
    assert list(found.by_metric) == ["loss"]


def test_a_table_that_cannot_be_read_is_said_and_others_are_drawn(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    run.metrics.append({"epoch": 1, "step": 1, "loss": 1.0})
    run.steps_path.write_bytes(b"\xff\n")
    found = read_curves(run)
    assert "steps.csv is not a table" in (found.problem or "")
