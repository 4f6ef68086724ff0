"""Runs found by a query, in order, from the folders of experiments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stride.errors import QueryError, RunNotFoundError
from stride.store.index.column import MISSING
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.selection import select
from stride.store.work_dir import WorkDir

Make = Callable[..., Run]


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    return WorkDir(tmp_path / "exp")


@pytest.fixture
def make(experiment: WorkDir) -> Make:
    """Make a run as a training would leave it, without training."""

    def make_run(
        loss: float | None = None,
        *,
        monitor: str = "val_loss",
        mode: str = "min",
        name: str | None = None,
        completed: bool = True,
        work_dir: WorkDir = experiment,
        **config: Any,
    ) -> Run:
        run = work_dir.create(config, name=name)
        if loss is None:
            return run
        try:
            with run.start() as attempt:
                for epoch, value in ((1, loss + 1), (2, loss), (3, loss + 0.5)):
                    run.metrics.append({"epoch": epoch, "step": epoch, monitor: value})
                    attempt.sign(
                        step=epoch, epoch=epoch, metrics={monitor: value, "gap": value * 2}
                    )
                attempt.best(
                    BestRecord(monitor=monitor, mode=mode, value=loss, epoch=2, metrics={"gap": 1})
                )
                run.save_results({"test_loss": loss * 3})
                if not completed:
                    raise RuntimeError("the disk is gone")
        except RuntimeError:
            pass
        return run

    return make_run


def names(runs: Any) -> list[str]:
    return [run.name for run in runs]


def test_a_bare_metric_is_its_value_at_the_best_epoch_and_others_are_chosen(
    experiment: WorkDir, make: Make
) -> None:
    make(0.25)
    make(0.75)
    assert names(experiment.runs("val_loss < 0.3")) == ["0"]
    assert names(experiment.runs("gap == 1")) == ["0", "1"]
    assert names(experiment.runs("last.val_loss == 0.75")) == ["0"]
    assert names(experiment.runs("last.gap == 2.5")) == ["1"]
    assert names(experiment.runs("min.val_loss == 0.75 and max.val_loss == 1.75")) == ["1"]
    assert names(experiment.runs("test.loss > 1")) == ["1"]
    assert names(experiment.runs("test_loss < 1 and best.val_loss < 1")) == ["0"]


def test_status_tags_notes_and_names_are_asked_for(experiment: WorkDir, make: Make) -> None:
    make(0.1, lr=1)
    make(0.2, lr=2, completed=False)
    make(lr=2, name="plan").write_labels(add_tags=("paper", "b"), note="the first try")
    assert names(experiment.runs("status == 'failed'")) == ["1"]
    assert names(experiment.runs("status in ['created', 'completed']")) == ["0", "plan"]
    assert names(experiment.runs("'paper' in tags")) == ["plan"]
    assert names(experiment.runs("'paper' not in tags")) == ["0", "1"]
    assert names(experiment.runs("note ~ 'first|second'")) == ["plan"]
    assert names(experiment.runs("name == 'plan' or number == 0")) == ["0", "plan"]
    assert names(experiment.runs("error contains 'disk'")) == ["1"]
    assert names(experiment.runs("epoch is missing")) == ["plan"]
    assert names(experiment.runs(["lr == 2", "tags is missing"])) == ["1"]


def test_the_moment_of_creation_is_compared_with_now(experiment: WorkDir, make: Make) -> None:
    make()
    now = datetime.now(UTC)
    later = now + timedelta(days=3)
    assert len(select([experiment], "created > '2 days ago'", now=now)) == 1
    assert len(select([experiment], "created > '2 days ago'", now=later)) == 0
    assert len(select([experiment], "created < '2 days ago'", now=later)) == 1


def test_order_limit_and_total(experiment: WorkDir, make: Make) -> None:
    for loss in (0.3, 0.1, 0.2, 0.1):
        make(loss)
    make()
    assert names(experiment.runs(sort="val_loss")) == ["1", "3", "2", "0", "4"]
    assert names(experiment.runs(sort="-val_loss")) == ["0", "2", "1", "3", "4"]
    assert names(experiment.runs(sort=["val_loss", "-number"], limit=2)) == ["3", "1"]
    assert names(experiment.runs(limit=2)) == ["0", "1"]
    selection = select([experiment], "val_loss < 0.25", "best", 1)
    assert (len(selection), selection.total) == (1, 3)
    newest = select([experiment], sort="val_loss", newest_first=True)
    assert names(newest.runs()) == ["3", "1", "2", "0", "4"]
    newest = select([experiment], sort="best", newest_first=True)
    assert names(newest.runs()) == ["1", "3", "2", "0", "4"]


def test_among_the_newest_a_named_run_has_the_place_of_its_creation(
    experiment: WorkDir, make: Make
) -> None:
    make()
    named = make(name="baseline")
    assert named.read_record().created >= experiment.run(0).read_record().created
    make()
    found = names(select([experiment], newest_first=True).runs())
    assert sorted(found) == ["0", "1", "baseline"]
    assert found.index("1") < found.index("0")


def test_values_come_with_the_runs(experiment: WorkDir, make: Make) -> None:
    make(0.25, lr=0.1)
    make(lr=0.2)
    selection = select([experiment], sort="-lr")
    assert selection.values("config.lr") == [0.2, 0.1]
    assert selection.values("metric.val_loss") == [MISSING, 0.25]
    assert selection.values("config.other") == [MISSING, MISSING]


def test_several_experiments_are_one_selection(tmp_path: Path, make: Make) -> None:
    folders = [WorkDir(tmp_path / name) for name in ("a", "b")]
    make(0.2, work_dir=folders[0])
    make(0.1, work_dir=folders[1])
    make(None, work_dir=folders[1], only="here")
    selection = select([*folders, folders[0]], sort="best")
    addresses = [Path(run.address).relative_to(tmp_path) for run in selection.runs()]
    assert [*map(str, addresses)] == ["b/0", "a/0", "b/1"]
    assert names(select(folders, "only == 'here'").runs()) == ["1"]


def test_runs_are_looked_for_each_time_they_are_asked_for(experiment: WorkDir, make: Make) -> None:
    make(0.1)
    low = experiment.runs("val_loss < 0.5")
    assert (len(low), len(experiment.runs())) == (1, 1)
    make(0.2)
    assert names(low) == ["0", "1"]
    assert len(low) == 2


def test_no_run_and_no_experiment(experiment: WorkDir) -> None:
    with pytest.raises(RunNotFoundError):
        list(experiment.runs("lr == 1"))
    experiment.initialize()
    assert list(experiment.runs("anything > 3", sort="anything")) == []
    with pytest.raises(QueryError):
        list(experiment.runs("anything >"))


def test_an_unreadable_run_is_found_by_its_status_and_fits_no_comparison(
    experiment: WorkDir, make: Make
) -> None:
    make(0.1, lr=1)
    make(0.1, lr=1).record_path.write_text("{")
    assert names(experiment.runs("status == 'unreadable'")) == ["1"]
    assert names(experiment.runs("problem is not missing")) == ["1"]
    assert names(experiment.runs("val_loss < 1 or not val_loss < 1")) == ["0"]


def test_best_is_by_the_shared_monitor_completed_ones_first(
    experiment: WorkDir, make: Make
) -> None:
    make(0.05, completed=False)
    make(0.3)
    make(0.2)
    make(0.2)
    assert experiment.run("best").name == "2"
    assert experiment.run("best:val_loss").name == "2"
    make(0.9, monitor="val_loss", mode="min")
    assert experiment.run("best").name == "2"


def test_best_of_what_is_to_be_large(experiment: WorkDir, make: Make) -> None:
    make(0.3, monitor="accuracy", mode="max")
    make(0.5, monitor="accuracy", mode="max")
    assert experiment.run("best").name == "1"


def test_best_where_the_runs_do_not_agree_asks_which(experiment: WorkDir, make: Make) -> None:
    make(0.3)
    make(0.5, monitor="accuracy", mode="max")
    with pytest.raises(RunNotFoundError, match=r"several monitors; write one of .*exp/best:acc"):
        experiment.run("best")
    assert experiment.run("best:val_loss").name == "0"
    assert experiment.run("best:accuracy").name == "1"
    with pytest.raises(RunNotFoundError, match="did you mean accuracy"):
        experiment.run("best:acuracy")


def test_best_of_a_second_monitor_is_in_its_own_direction(experiment: WorkDir, make: Make) -> None:
    for value in (0.1, 0.9):
        with make(value, completed=False).start(takeover=True) as attempt:
            attempt.best(BestRecord(monitor="accuracy", mode="max", value=value))
    assert experiment.run("best").name == "0"
    assert experiment.run("best:accuracy").name == "1"


def test_best_where_nothing_is_measured_is_one_sentence(experiment: WorkDir, make: Make) -> None:
    make()
    with pytest.raises(RunNotFoundError, match="no run has a best value by a monitor yet"):
        experiment.run("best")


def test_the_best_of_no_run_is_none(experiment: WorkDir, make: Make) -> None:
    make()
    assert names(select([experiment], "name == 'another'", "best").runs()) == []


def test_a_frame_of_found_runs_has_their_metrics(experiment: WorkDir, make: Make) -> None:
    for loss in (0.3, 0.1):
        make(loss, lr=loss)
    frame = experiment.frame("val_loss < 1", sort="best")
    assert frame["run"].tolist() == ["1", "0"]
    assert frame["metric.val_loss"].tolist() == [0.1, 0.3]
    assert frame["config.lr"].tolist() == [0.1, 0.3]
    assert frame["metric.gap"].tolist() == [1, 1]
    assert experiment.runs("val_loss < 0.2").frame()["run"].tolist() == ["1"]


def test_in_a_notebook_runs_are_a_table_in_which_all_text_is_escaped(
    experiment: WorkDir, make: Make
) -> None:
    make(0.25, text="<script>alert(1)</script>", name="first")
    make(0.5, text="b & c")
    page = experiment.runs(sort="best")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "b &amp; c" in page
    assert [page.count(tag) for tag in ("<tr>", "<table", "best val_loss")] == [3, 1, 1]
    assert experiment.runs("val_loss > 1")._repr_html_() == "<p>no runs</p>"
    for number in range(40):
        make(lr=number)
    page = experiment.runs()._repr_html_()
    assert page.endswith("<p>30 of 42 runs</p>")
    assert page.count("<tr>") == 31
