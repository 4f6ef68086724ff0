"""A run knows its paths, and its results are never written over."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from stride.errors import RunNameError, StoredFileError
from stride.store.run import Run
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir


def test_every_path_is_inside_the_folder_and_none_is_made() -> None:
    run = Run("exp/3")
    paths = [value for name in dir(Run) if isinstance(value := getattr(run, name), Path)]
    assert len(paths) > 15
    assert all(path == run.work_dir or path.is_relative_to(run.path) for path in paths)
    assert run.weights_file("best") == run.weights_file("best.safetensors")
    assert run.log_path() == run.logs_path / "run.log"
    assert run.log_path(2) == run.logs_path / "rank2.log"
    assert run.attempt_provenance_path(1) == run.provenance_path
    assert run.attempt_provenance_path(2) == run.provenance_path / "attempt-2"
    assert not run.exists()


def test_a_run_is_known_by_its_number_or_its_name() -> None:
    assert (Run("exp/3").name, Run("exp/3").number) == ("3", 3)
    assert (Run("exp/base").name, Run("exp/base").number) == ("base", None)
    assert Run("exp/3") == Run(Path("exp") / "3") != Run("exp/4")
    assert str(Run("exp/3").address) == "exp/3"


def test_results_are_written_beside_what_is_there(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    assert run.read_results() == {}
    first = run.save_results({"accuracy": 0.5, "loss": math.nan})
    assert first == run.results_metrics_path
    before = first.read_bytes()
    assert [run.save_results({"accuracy": 0.9}).name for _ in range(2)] == [
        "metrics-2.json",
        "metrics-3.json",
    ]
    assert first.read_bytes() == before
    again = run.read_results()
    assert again["accuracy"] == 0.5
    assert math.isnan(again["loss"])
    assert run.read_results("metrics-3") == {"accuracy": 0.9}


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": '])
def test_damaged_results_are_said(tmp_path: Path, content: bytes) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    run.save_results({})
    run.results_metrics_path.write_bytes(content)
    with pytest.raises(StoredFileError, match=r"results/metrics\.json"):
        run.read_results()


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"null"])
def test_a_config_that_is_no_mapping_is_said(tmp_path: Path, content: bytes) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    run.config_path.write_bytes(content)
    with pytest.raises(StoredFileError, match="holds no mapping"):
        run.read_config()


def test_the_table_of_a_run_is_one_object(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    run.metrics.append({"epoch": 0, "val_loss": 0.5})
    run.metrics.append({"epoch": 1, "val_loss": 0.25})
    assert run.metrics_path.read_text() == "epoch,val_loss\n0,0.5\n1,0.25\n"
    run.metrics.close()


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "..", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    with pytest.raises(RunNameError, match="is not the name of a file"):
        run.save_results({"a": 1.0}, name)
    with pytest.raises(RunNameError):
        run.weights_file(name)


def test_what_ended_or_went_since_its_record_was_read_was_alive_then(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    attempt = run.start()
    record = run.read_record()
    attempt.complete()
    assert (run.status(record).word, run.status().word) == ("running", "completed")
    remove_run(run)
    assert run.status(record).word == "running"
