"""benchmarks.worker and benchmarks.line: a loop in a process of its own, round by round."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.contestant import ContestantError
from benchmarks.worker import Worker


def test_each_round_is_answered_with_the_seconds_it_took(tmp_path: Path) -> None:
    arguments = {"folder": str(tmp_path), "count": 5, "scalars": 2, "delay": 0.0}
    worker = Worker(Path(sys.executable), "benchmarks.contestants.log_stride", arguments)
    try:
        assert worker.repeat() > 0
        assert worker.repeat() > 0
    finally:
        worker.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.csv", "2.csv"]


def test_a_worker_that_dies_says_why(tmp_path: Path) -> None:
    worker = Worker(Path(sys.executable), "benchmarks.contestants.log_stride", {})
    try:
        with pytest.raises(ContestantError, match="KeyError: 'folder'"):
            worker.repeat()
    finally:
        worker.close()
