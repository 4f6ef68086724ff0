"""What must be the same when a run goes on: its data; and what is said: its code, its device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.errors import DataError, StoppedError
from stride.store.record import CodeRecord, RunRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.unchanged import check_same_data, what_changed

PRINTS = {"train": "sha256:1", "val": "sha256:2"}
FACTS: dict[str, Any] = {"input_shape": (64,), "samples.train": 100, "samples.val": 20}
CODE = CodeRecord(reference="net.py:Net", path="/code/net.py", digest="sha256:3")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({})


def tried(run: Run, **found: Any) -> RunRecord:
    """The record of the run after an attempt that found these."""
    with pytest.raises(StoppedError), run.start() as attempt:
        attempt.found(found.get("facts", FACTS), device="cpu")
        attempt.fingerprint(found.get("fingerprints", PRINTS))
        attempt.code((CODE,))
        raise StoppedError("enough")
    return run.read_record()


def check(run: Run, record: RunRecord, **now: Any) -> None:
    check_same_data(
        run,
        record,
        fingerprints=now.get("fingerprints", PRINTS),
        facts=now.get("facts", FACTS),
        settings=now.get("settings", {}),
    )


def test_the_same_data_is_the_same(run: Run) -> None:
    check(run, tried(run))
    check(run, tried(run), settings={"dataset_kwargs.path": "/elsewhere.npz"})


def test_a_run_that_recorded_nothing_of_its_data_yet_takes_any(run: Run) -> None:
    check(run, run.read_record())
    check(run, run.read_record(), settings={"dataset_kwargs.path": "/elsewhere.npz"})
    check(run, tried(run, facts={}, fingerprints={}))


def test_a_split_whose_fingerprint_differs_is_refused(run: Run) -> None:
    with pytest.raises(DataError, match=r"^the val data of .*/exp/0 has changed: .*--continue"):
        check(run, tried(run), fingerprints={**PRINTS, "val": "sha256:9"})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({**FACTS, "input_shape": (32,)}, r"^the input shape was \[64\] and is \[32\]"),
        ({**FACTS, "samples.train": 99}, "^the number of samples of train was 100 and is 99"),
        ({"input_shape": (64,), "samples.train": 100}, "of val was 20 and is unknown"),
        ({**FACTS, "samples.test": 5}, "of test was unknown and is 5"),
    ],
)
def test_without_fingerprints_shapes_and_counts_must_be_the_same(
    run: Run, facts: dict[str, Any], said: str
) -> None:
    record = tried(run, fingerprints={})
    with pytest.raises(DataError, match=said):
        check(run, record, fingerprints={}, facts=facts)


def test_data_that_was_moved_needs_a_fingerprint(run: Run) -> None:
    record = tried(run, fingerprints={})
    with pytest.raises(DataError, match="gives no fingerprint"):
        check(run, record, fingerprints={}, settings={"dataset_kwargs.path": "/elsewhere.npz"})


def test_changed_code_and_another_device_are_said(run: Run) -> None:
    record = tried(run)
    assert what_changed(record, [CODE], "cpu") == []
    other = CodeRecord(reference="net.py:Net", path="/code/net.py", digest="sha256:4")
    assert what_changed(record, [other], "cuda:0 (H100)") == [
        "the code of net.py:Net has changed since the last attempt",
        "the last attempt computed on cpu and this one does on cuda:0 (H100): numbers may differ in"
        " their last digits",
    ]
    assert what_changed(run.read_record(), [], "cpu") == []
