"""Pruning keeps what is asked for, and what a run needs to go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import RunBusyError, StorageError, UsageError
from stride.files import read_json
from stride.store.pruning import Keep, parse_keep, plan_pruning, prune
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import SIZE, add_checkpoint, bytes_of, completed, stopped

BOTH = Keep(best=True, newest=1)
NONE = Keep(best=False, newest=0)


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    return WorkDir(tmp_path / "exp")


def names(run: Run) -> list[int]:
    return [folder.order[0] for folder in run.checkpoint_paths.committed()]


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("best,last", BOTH),
        ("last", Keep(best=False, newest=1)),
        ("best", Keep(best=True, newest=0)),
        ("best, 3", Keep(best=True, newest=3)),
        ("last,2", Keep(best=False, newest=2)),
        ("none", NONE),
    ],
)
def test_what_is_kept_is_read_as_it_is_typed(text: str, keep: Keep) -> None:
    assert parse_keep(text) == keep
    assert parse_keep(keep.text) == keep


@pytest.mark.parametrize("text", ["", "worst", "0", "-1", "best,none", "best last"])
def test_what_cannot_be_kept_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--keep takes"):
        parse_keep(text)


def test_best_and_last_stay_and_bytes_are_counted_by_their_last_name(experiment: WorkDir) -> None:
    run = completed(experiment)
    for step in (10, 20, 30, 40):
        add_checkpoint(run, step, best=step in (10, 20), weights=b"o" if step == 10 else None)
    plan = plan_pruning(run, BOTH)
    assert [folder.order[0] for folder in plan.removed] == [30, 10]
    small = sum(
        (folder.state_path.stat().st_size + folder.manifest_path.stat().st_size)
        for folder in plan.removed
    )
    assert plan.freed.bytes == 2 * SIZE + SIZE + small  # old weights go, the run's own stay
    assert plan.freed.shared == SIZE
    assert names(run) == [40, 30, 20, 10]
    assert prune(run, BOTH).freed == plan.freed
    assert names(run) == [40, 20]
    assert run.weights_file("best").read_bytes() == b"b" * SIZE
    assert sorted(path.name for path in run.checkpoints_path.iterdir()) == [
        "newest.json",
        "step-00000020",
        "step-00000040",
    ]


def test_a_completed_run_may_lose_all_and_the_hint_goes_with_them(experiment: WorkDir) -> None:
    run = completed(experiment)
    add_checkpoint(run, 10)
    assert plan_pruning(run, NONE).resumable is None
    prune(run, NONE)
    assert list(run.checkpoints_path.iterdir()) == []
    assert run.weights_file("best").exists()


def test_a_run_that_can_go_on_keeps_what_it_needs_whatever_is_asked(experiment: WorkDir) -> None:
    run = stopped(experiment)
    for step in (10, 20, 30):
        add_checkpoint(run, step, best=step == 10)
    plan = prune(run, NONE)
    assert plan.resumable
    assert [(folder.order[0], why) for folder, why in plan.kept.items()] == [(30, ("to go on",))]
    assert names(run) == [30]


def test_the_newest_that_verifies_is_kept_where_newer_ones_are_damaged(experiment: WorkDir) -> None:
    run = stopped(experiment)
    folders = {step: add_checkpoint(run, step) for step in (10, 20, 30, 40)}
    folders[40].tensors_path.write_bytes(b"x" * SIZE)  # as long as it was, and another
    folders[30].manifest_path.unlink()
    plan = prune(run, NONE)
    assert {folder.order[0] for folder in plan.broken} == {40, 30}
    assert names(run) == [40, 30, 20]
    assert read_json(run.checkpoint_paths.newest_path)["step"] == 40


def test_where_none_verifies_all_stay(experiment: WorkDir) -> None:
    run = stopped(experiment)
    for step in (10, 20):
        add_checkpoint(run, step).tensors_path.write_bytes(b"x" * SIZE)
    plan = prune(run, NONE)
    assert plan.resumable is False
    assert names(run) == [20, 10]


def test_a_run_that_trains_is_left_alone(experiment: WorkDir) -> None:
    run = experiment.create({})
    with run.start(), pytest.raises(RunBusyError):
        prune(run, NONE)


def test_what_lies_behind_a_link_is_left_alone(experiment: WorkDir, tmp_path: Path) -> None:
    run = completed(experiment)
    add_checkpoint(run, 10)
    run.checkpoints_path.rename(tmp_path / "scratch")
    run.checkpoints_path.symlink_to(tmp_path / "scratch")
    with pytest.raises(StorageError, match="symbolic link"):
        prune(run, NONE)
    assert (tmp_path / "scratch" / "step-00000010").is_dir()


@settings(deadline=None, max_examples=25)
@given(
    steps=st.sets(st.integers(1, 40), max_size=6),
    best=st.integers(1, 40),
    keep=st.builds(Keep, best=st.booleans(), newest=st.integers(0, 3)),
    done=st.booleans(),
)
def test_a_plan_is_what_is_done_and_what_can_go_on_can_still(
    tmp_path_factory: pytest.TempPathFactory,
    steps: set[int],
    best: int,
    keep: Keep,
    done: bool,
) -> None:
    experiment = WorkDir(tmp_path_factory.mktemp("law") / "exp")
    run = completed(experiment) if done else stopped(experiment)
    for step in sorted(steps):
        add_checkpoint(run, step, best=step <= best)
    newest = names(run)[:1]
    size = _size(run)
    plan = plan_pruning(run, keep)
    assert {*plan.kept, *plan.removed} == {*run.checkpoint_paths.committed()}
    prune(run, keep)
    assert names(run) == [folder.order[0] for folder in plan.kept]
    assert size - _size(run) == plan.freed.bytes
    assert done or names(run)[:1] == newest
    assert keep.newest == 0 or names(run)[:1] == newest
    assert plan_pruning(run, keep).removed == ()


def _size(run: Run) -> int:
    """Bytes of the run on the disk, but for the hint."""
    files = {
        path.stat().st_ino: path.stat().st_size
        for path in run.path.rglob("*")
        if path.is_file() and path.name not in ("newest.json", ".attempt.lock")
    }
    assert bytes_of(run.path)
    return sum(files.values())
