"""The details of each run on a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from stride.report.page_details import build_details
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir


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


def test_links_out_of_the_experiment_are_not_followed(
    trained: Callable[..., Run], known: Callable[[Run], Run], tmp_path: Path
) -> None:
    run = known(trained())
    outside = tmp_path / "outside"
    run.provenance_path.rename(outside)
    run.provenance_path.symlink_to(outside)
    found = build_details([read_row(run)])
    assert "provenance" not in found["runs"][0]
