"""A resume takes the newest checkpoint that verifies, and says what it passed over and why."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.errors import NewerFormatError, VerificationError
from stride.files import encode_json, sha256_of
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.position import Position
from stride.store.run import Run
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import read_checkpoint, read_newest
from tests.training.checkpoints.trees import same

StateAt = Callable[[int], dict[str, Any]]


@pytest.fixture
def newest(
    run: Run, state_at: StateAt, write_best: Callable[..., dict[str, str]]
) -> CheckpointFolder:
    """The newer one of two checkpoints, both with best weights."""
    checkpoints = Checkpoints(run, CheckpointKwargs(background=False))
    for step in (10, 20):
        digests = write_best(f"best at {step}".encode())
        checkpoints.save(state_at(step), Position(step, 1, step), digests=digests)
    return run.checkpoint_paths.folder(20)


def step_found(run: Run) -> int:
    found = read_newest(run)
    assert found is not None
    assert same(found.state["position"], {"step": found.manifest.position.step})
    return found.manifest.position.step


def test_a_run_without_checkpoints_has_none(run: Run) -> None:
    assert read_newest(run) is None
    run.checkpoints_path.mkdir()
    assert read_newest(run) is None


def test_any_byte_of_any_file_counts(
    run: Run, newest: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    files = sorted(path for path in newest.path.rglob("*") if path.is_file())
    assert len(files) == 4
    for path in files:
        content = path.read_bytes()
        for place in (0, len(content) // 2, len(content) - 1):
            changed = bytes([content[place] ^ 4])
            path.write_bytes(content[:place] + changed + content[place + 1 :])
            caplog.clear()
            assert step_found(run) == 10
            (said,) = caplog.messages
            assert said.startswith(f"checkpoint step-00000020 is passed over: {path} is not ")
        path.write_bytes(content)
        assert step_found(run) == 20


def test_a_missing_or_shorter_file_counts(
    run: Run, newest: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    for path in sorted(path for path in newest.path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.unlink()
        caplog.clear()
        assert step_found(run) == 10
        assert caplog.messages == [f"checkpoint step-00000020 is passed over: {path} is missing"]
        path.write_bytes(content[:-1])
        assert step_found(run) == 10
        path.write_bytes(content)
    assert step_found(run) == 20


def test_an_empty_newest_folder_is_passed_over(
    run: Run, newest: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    run.checkpoint_paths.folder(30).path.mkdir()
    found = read_newest(run)
    assert found is not None
    assert found.path == newest.path
    assert found.skipped == tuple(caplog.messages)
    assert "step-00000030 is passed over" in caplog.messages[0]
    assert caplog.messages[0].endswith("step-00000030/manifest.json is missing")


def test_a_folder_that_holds_a_pipe_or_a_folder_in_place_of_a_file_is_passed_over(
    run: Run, newest: CheckpointFolder
) -> None:
    newest.state_path.unlink()
    newest.state_path.mkdir()
    assert step_found(run) == 10


def test_where_none_verifies_there_is_none(
    run: Run, newest: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in run.checkpoint_paths.committed():
        folder.manifest_path.unlink()
    assert read_newest(run) is None
    assert len(caplog.messages) == 2


def test_other_things_in_the_folder_are_no_checkpoints(
    run: Run, newest: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("step-99", "step-00000099-0", "notes", ".staging-00000099-1-ab", "step-00000099x"):
        (run.checkpoints_path / name).mkdir()
    assert step_found(run) == 20
    assert caplog.messages == []


def test_one_of_a_newer_stride_is_not_passed_over(run: Run, newest: CheckpointFolder) -> None:
    tree = {"format": 2}
    newest.manifest_path.write_bytes(encode_json({**tree, "digest": sha256_of(encode_json(tree))}))
    with pytest.raises(NewerFormatError, match="update stride"):
        read_newest(run)


def test_the_pointer_is_only_a_hint(run: Run, newest: CheckpointFolder) -> None:
    run.checkpoint_paths.newest_path.write_text('{"checkpoint": "step-00000010"}')
    assert step_found(run) == 20
    run.checkpoint_paths.newest_path.write_text("{")
    assert step_found(run) == 20


def test_of_two_of_one_step_the_later_is_newer(run: Run, newest: CheckpointFolder) -> None:
    for count in (2, 10):
        shutil.copytree(newest.path, run.checkpoint_paths.folder(20, count).path)
    found = read_newest(run)
    assert found is not None
    assert found.path.name == "step-00000020-10"


def test_a_manifest_that_names_a_file_elsewhere_is_refused(
    run: Run, newest: CheckpointFolder
) -> None:
    tree = {
        "format": 1,
        "created": "2026-01-01T00:00:00.000Z",
        "position": {"step": 1, "epoch": 1, "consumed": 1, "world_size": 1},
        "epoch_end": False,
        "best": False,
        "versions": {},
        "files": {"../../config.json": {"size": 1, "digest": "sha256:0"}},
    }
    newest.manifest_path.write_bytes(encode_json({**tree, "digest": sha256_of(encode_json(tree))}))
    with pytest.raises(VerificationError, match=r"names a file '\.\./\.\./config\.json'"):
        read_checkpoint(newest.path)
