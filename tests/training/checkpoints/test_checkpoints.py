"""The checkpoints of a run while it trains."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.errors import ConfigError
from stride.files import read_json
from stride.store.position import Position
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import read_checkpoint, read_newest
from tests.training.checkpoints.trees import same

StateAt = Callable[[int], dict[str, Any]]
WriteBest = Callable[..., dict[str, str]]


@pytest.fixture(params=[True, False], ids=["background", "here"])
def settings(request: pytest.FixtureRequest) -> CheckpointKwargs:
    return CheckpointKwargs(background=request.param)


def names(run: Run) -> list[str]:
    """All that lies in the folder of checkpoints."""
    return sorted(path.name for path in run.checkpoints_path.iterdir())


def test_what_is_saved_is_found_again(
    run: Run, state_at: StateAt, settings: CheckpointKwargs
) -> None:
    checkpoints = Checkpoints(run, settings)
    state, position = state_at(7), Position(7, 2, 3, world_size=1)
    checkpoints.save(state, position, best=True)
    checkpoints.finish()
    found = read_newest(run)
    assert found is not None
    assert same(found.state, state)
    assert found.manifest.position == position
    assert (found.manifest.best, found.manifest.epoch_end) == (True, False)
    assert found.path == run.checkpoint_paths.folder(7).path
    assert names(run) == ["newest.json", "step-00000007"]
    assert read_json(run.checkpoint_paths.newest_path) == {"checkpoint": "step-00000007", "step": 7}
    (saved,) = checkpoints.outcomes()
    assert (saved.path, saved.position) == (found.path, position)
    assert 0 < saved.stall <= saved.seconds
    assert checkpoints.outcomes() == []


def test_a_state_that_changes_at_once_is_saved_as_it_was(run: Run) -> None:
    weight = torch.ones(100_000)
    state = {"weight": weight, "sums": [1.0, 2.0]}
    checkpoints = Checkpoints(run, CheckpointKwargs())
    checkpoints.prepare(state)
    for step in range(1, 6):
        checkpoints.save(state, Position(step, 1, step))
        weight.add_(1)
        state["sums"].append(0.0)  # type: ignore[union-attr]
        checkpoints.finish()
        found = read_newest(run)
        assert found is not None
        assert found.state["weight"].unique().tolist() == [step]
        assert len(found.state["sums"]) == step + 1


def test_only_so_many_are_kept_and_the_newest_among_them(
    run: Run, state_at: StateAt, settings: CheckpointKwargs
) -> None:
    checkpoints = Checkpoints(run, settings.model_copy(update={"keep": 2, "keep_every_steps": 30}))
    for step in range(10, 80, 10):
        checkpoints.save(state_at(step), Position(step, 1, step))
    checkpoints.finish()
    kept = ["step-00000030", "step-00000060", "step-00000070"]
    assert names(run) == ["newest.json", *kept]
    assert [saved.position.step for saved in checkpoints.outcomes()] == list(range(10, 80, 10))


def test_the_same_moment_is_saved_once_and_another_one_of_that_step_takes_its_place(
    run: Run, state_at: StateAt, write_best: WriteBest
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs(background=False, keep=3))
    position = Position(7, 1, 7)
    for _ in range(2):
        checkpoints.save(state_at(7), position)
    assert len(checkpoints.outcomes()) == 1
    before = read_newest(run)
    checkpoints.save(
        state_at(8), position, digests=write_best(b"better"), best=True, epoch_end=True
    )
    assert len(checkpoints.outcomes()) == 1
    after = read_newest(run)
    assert before is not None
    assert after is not None
    assert names(run) == ["newest.json", "step-00000007-2"]
    assert same(after.state, state_at(8))
    Checkpoints(run, CheckpointKwargs(background=False), resumed=after).save(
        state_at(8), position, digests=dict(after.manifest.weights), best=True, epoch_end=True
    )
    assert names(run) == ["newest.json", "step-00000007-2"]


def test_what_a_checkpoint_is_kept_for_is_not_lost_to_another_of_its_moment(
    run: Run, state_at: StateAt
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs(keep_every_epochs=2))
    position = Position(10, 2, 0)
    checkpoints.save(state_at(10), position, best=True, epoch_end=True)
    checkpoints.save(state_at(10), position)  # as it is stopped right after
    checkpoints.finish()
    found = read_newest(run)
    assert found is not None
    assert (found.manifest.best, found.manifest.epoch_end) == (True, True)
    assert len(checkpoints.outcomes()) == 1


def test_best_weights_belong_to_the_moment_also_when_they_are_replaced_meanwhile(
    run: Run, state_at: StateAt, write_best: WriteBest
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs())
    for step in range(1, 10):  # the link is made in the background, before or after the file goes
        digests = write_best(f"best at {step}".encode()) | write_best(
            b"0", "best-val_f1.safetensors"
        )
        checkpoints.save(state_at(step), Position(step, 1, step), digests=digests)
        write_best(b"better")
        checkpoints.finish()
        assert checkpoints.failure is None
        found = read_newest(run)
        assert found is not None
        assert found.manifest.weights == digests
        folder = run.checkpoint_paths.folder(step)
        assert folder.weights_file("best.safetensors").read_text() == f"best at {step}"


def test_best_weights_are_linked_and_not_copied(
    run: Run, state_at: StateAt, write_best: WriteBest
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs(background=False))
    checkpoints.save(state_at(1), Position(1, 1, 1), digests=write_best(b"best"))
    assert run.weights_file("best").stat().st_nlink == 2


def test_best_weights_that_are_not_what_was_said_fail_the_save(
    run: Run, state_at: StateAt, write_best: WriteBest, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(run, CheckpointKwargs(background=False))
    digests = write_best(b"best")
    run.weights_file("best").write_bytes(b"bent")
    checkpoints.save(state_at(1), Position(1, 1, 1), digests=digests)
    run.weights_file("best").unlink()
    checkpoints.save(state_at(2), Position(2, 1, 2), digests=digests)
    assert checkpoints.outcomes() == []
    assert "is not the file that was written" in caplog.messages[0]
    assert "best.safetensors: it is not there; the checkpoints before it" in caplog.messages[1]
    assert checkpoints.failures == 2
    assert names(run) == []


def test_a_state_that_cannot_be_stored_is_a_failure_and_no_end(
    run: Run, settings: CheckpointKwargs, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(run, settings)
    with pytest.raises(ConfigError, match="is a set"):
        checkpoints.prepare({"seen": {1}})
    checkpoints.save({"seen": {1}}, Position(1, 1, 1))
    assert checkpoints.failure is not None
    assert checkpoints.failure.startswith("no checkpoint of step 1 was written: the state seen is")
    assert checkpoints.outcomes() == []
    assert checkpoints.outcomes() == []
    assert len(caplog.messages) == 1
    checkpoints.save({"seen": [1]}, Position(1, 1, 1))
    checkpoints.finish()
    assert checkpoints.failure is None
    assert checkpoints.failures == 1


def test_a_save_that_comes_due_while_one_is_written_waits_and_says_so(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    state = {"weight": torch.ones(150_000_000)}  # takes its time to write, to read and to digest
    checkpoints = Checkpoints(run, CheckpointKwargs())
    with caplog.at_level(logging.INFO):
        for step in (1, 2):
            checkpoints.save(state, Position(step, 1, step))
    checkpoints.finish()
    assert [saved.position.step for saved in checkpoints.outcomes()] == [1, 2]
    (said,) = caplog.messages
    assert said.startswith("the checkpoint of step 2 waited ")
    assert said.endswith(" s for the one before it to be written")


def test_leftovers_of_killed_saves_are_cleared_away(run: Run, state_at: StateAt) -> None:
    paths = run.checkpoint_paths
    for path in (paths.staging_folder(3).path, paths.removed_path(paths.folder(2))):
        path.mkdir(parents=True)
        (path / "tensors.safetensors").write_bytes(b"half")
    assert read_newest(run) is None
    Checkpoints(run, CheckpointKwargs())
    assert names(run) == []


def test_what_a_killed_save_did_not_live_to_remove_goes_when_the_training_goes_on(
    run: Run, state_at: StateAt
) -> None:
    first = Checkpoints(run, CheckpointKwargs(background=False, keep=3))
    for step in (3, 4, 5):
        first.save(state_at(step), Position(step, 1, step))
    Checkpoints(run, CheckpointKwargs(keep=1))  # nobody knows yet that the newest is whole
    assert len(run.checkpoint_paths.committed()) == 3
    Checkpoints(run, CheckpointKwargs(keep=2), resumed=read_newest(run))
    assert [folder.order[0] for folder in run.checkpoint_paths.committed()] == [5, 4]


def test_what_was_passed_over_goes_only_when_there_is_a_newer_one(
    run: Run, state_at: StateAt, settings: CheckpointKwargs
) -> None:
    settings = settings.model_copy(update={"keep": 1})
    first = Checkpoints(run, settings.model_copy(update={"keep": 2}))
    for step in (10, 20):
        first.save(state_at(step), Position(step, 1, step))
    first.finish()
    run.checkpoint_paths.folder(20).state_path.unlink()
    found = read_newest(run)
    assert found is not None
    second = Checkpoints(run, settings, resumed=found)
    assert {"step-00000010", "step-00000020"} < set(names(run))
    second.save(state_at(15), Position(15, 1, 15))  # of a lower step than the broken one
    second.finish()
    assert names(run) == ["newest.json", "step-00000015"]
    assert read_checkpoint(run.checkpoint_paths.folder(15).path).manifest.position.step == 15


def test_training_that_comes_to_the_step_of_a_broken_one_again_saves_beside_it(
    run: Run, state_at: StateAt
) -> None:
    settings = CheckpointKwargs(background=False)
    first = Checkpoints(run, settings)
    for step in (10, 20):
        first.save(state_at(step), Position(step, 1, step))
    run.checkpoint_paths.folder(20).manifest_path.unlink()
    second = Checkpoints(run, settings, resumed=read_newest(run))
    second.save(state_at(20), Position(20, 1, 20))
    assert names(run) == ["newest.json", "step-00000010", "step-00000020-2"]
    found = read_newest(run)
    assert found is not None
    assert found.skipped == ()
    assert same(found.state, state_at(20))


def test_the_checkpoint_of_another_run_is_neither_counted_nor_touched(
    run: Run, state_at: StateAt, settings: CheckpointKwargs
) -> None:
    before = Checkpoints(run, settings)
    before.save(state_at(10), Position(10, 1, 0), epoch_end=True)
    before.finish()
    found = read_newest(run)
    other = WorkDir(run.work_dir).create({})
    checkpoints = Checkpoints(other, settings, resumed=found)
    for step in (10, 11):
        checkpoints.save(state_at(10), Position(step, 1, 0), epoch_end=True)
    checkpoints.finish()
    assert names(other) == ["newest.json", "step-00000010", "step-00000011"]
    assert names(run) == ["newest.json", "step-00000010"]


def test_rows_of_the_tables_are_on_the_disk_before_the_checkpoint(
    run: Run, state_at: StateAt
) -> None:
    run.steps.append({"step": 1})
    run.steps.append({"step": 2})  # waits in memory for up to a second
    checkpoints = Checkpoints(run, CheckpointKwargs())
    checkpoints.save(state_at(2), Position(2, 1, 2))
    checkpoints.finish()
    assert run.steps_path.read_text() == "step\n1\n2\n"


def test_a_run_that_was_removed_while_it_trains_is_said(
    run: Run, state_at: StateAt, settings: CheckpointKwargs, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(run, settings)
    run.path.rename(run.path.with_name("elsewhere"))
    checkpoints.save(state_at(1), Position(1, 1, 1))
    checkpoints.finish()
    assert checkpoints.outcomes() == []
    assert "no checkpoint of step 1 was written: cannot write" in caplog.text
