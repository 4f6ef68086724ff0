"""Loading a run: files that are not what was written are refused, and none is guessed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from stride.errors import (
    DeviceError,
    NewerFormatError,
    RunStateError,
    StoredFileError,
    VerificationError,
)
from stride.files import read_json, write_json
from stride.store.run import Run
from stride.store.weights_digests import BEFORE, recorded_digests
from stride.store.work_dir import WorkDir
from stride.training.loading import choose_weights, load_run
from stride.training.trainer import Trainer


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment with one run."""
    folder = tmp_path_factory.mktemp("trained") / "exp"
    Trainer(
        folder,
        model_kwargs={"hidden_dims": [8]},
        fit_kwargs={"max_epochs": 2, "monitors": ["val_accuracy:max", "val_loss:min"]},
        log_kwargs={"progress": False},
    ).fit()
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Run:
    """A copy of the run, to be damaged."""
    return WorkDir(shutil.copytree(trained, tmp_path / "exp")).run(0)


def test_a_run_is_loaded_with_its_best_weights_in_evaluation_mode(run: Run) -> None:
    loaded = load_run(run)
    assert loaded.weights == "best.safetensors"
    assert not any(part.training for part in loaded.model.modules())
    assert loaded.config.to_json() == run.read_config()
    assert loaded.device.type in ("cpu", "cuda", "mps")


def test_other_weights_are_loaded_by_name_with_or_without_the_ending(run: Run) -> None:
    for name in ("last", "last.safetensors", "best-val_loss"):
        assert load_run(run, weights=name).weights.startswith(name.partition(".")[0])
    with pytest.raises(RunStateError, match="has no weights none"):
        load_run(run, weights="none")


def test_without_best_weights_the_last_are_taken(run: Run) -> None:
    record = msgspec.structs.replace(run.read_record(), best=(), digests={"last.safetensors": "x"})
    run.weights_file("best").unlink()
    assert choose_weights(run, record) == "last.safetensors"


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _pickle(path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, path)


@pytest.mark.parametrize("damage", [_cut, _flip, _pickle, Path.unlink])
def test_damaged_weights_are_refused_in_a_sentence(run: Run, damage: Callable[[Path], Any]) -> None:
    damage(run.weights_file("best"))
    with pytest.raises((VerificationError, StoredFileError), match=r"best\.safetensors is "):
        load_run(run)
    assert load_run(run, weights="last").weights == "last.safetensors"


def test_a_digest_that_is_missing_or_another_is_refused(run: Run) -> None:
    tree = read_json(run.record_path)
    for digests in ({}, {**tree["digests"], "best.safetensors": "sha256:0"}):
        write_json(run.record_path, {**tree, "digests": digests})
        with pytest.raises(VerificationError, match=r"best\.safetensors"):
            load_run(run)


def test_between_two_writings_either_content_is_good(run: Run) -> None:
    digests = {"best.safetensors": "new", "best.safetensors" + BEFORE: "old", "last": "x"}
    assert recorded_digests(digests, "best.safetensors") == ["new", "old"]
    tree = read_json(run.record_path)
    old = tree["digests"]["best.safetensors"]
    changed = {"best.safetensors": "sha256:new", "best.safetensors" + BEFORE: old}
    write_json(run.record_path, {**tree, "digests": changed})
    assert load_run(run).weights == "best.safetensors"


@pytest.mark.parametrize("name", ["config_path", "record_path"])
@pytest.mark.parametrize("content", ["", '{"format": 1, "id"', "[]", "text"])
def test_damaged_records_are_refused_in_a_sentence(run: Run, name: str, content: str) -> None:
    getattr(run, name).write_text(content)
    with pytest.raises(StoredFileError):
        load_run(run)


def test_a_newer_format_is_said(run: Run) -> None:
    write_json(run.config_path, {**run.read_config(), "format": 99})
    with pytest.raises(NewerFormatError, match="99"):
        load_run(run)


def test_a_key_that_is_not_known_is_dropped_with_a_warning_unless_it_was_chosen(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    tree = run.read_config()
    tree["model_kwargs"]["gone"] = 3
    write_json(run.config_path, tree)
    load_run(run)
    assert "model_kwargs.gone" in caplog.text


def test_a_device_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(DeviceError):
        load_run(run, device="cuda:99")


def test_loading_needs_no_room_to_write(run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    load_run(run)
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_what_the_record_found_names_no_code(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("open('imported', 'w')\nclass Net: ...\n")
    record = read_json(run.record_path)
    record["resolved"]["task_kwargs.loss_name"] = f"{tmp_path}/evil.py:Net"
    write_json(run.record_path, record)
    assert load_run(run).task.settled()["loss_name"] == "CrossEntropyLoss"
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize("name", ["../../1/weights/best.safetensors", "a\0b", "/etc/passwd"])
def test_weights_elsewhere_are_not_taken(run: Run, name: str) -> None:
    record = read_json(run.record_path)
    record["best"][0]["weights"] = name
    write_json(run.record_path, record)
    with pytest.raises(StoredFileError, match="no file of the run"):
        load_run(run)
    with pytest.raises(RunStateError, match="has no weights"):
        load_run(run, weights=name)


def test_a_pipe_in_place_of_the_weights_does_not_hold_the_reader(run: Run) -> None:
    path = run.weights_file("best")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StoredFileError, match="no regular file"):
        load_run(run)
