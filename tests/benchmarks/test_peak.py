"""benchmarks.peak and benchmarks.afresh: memory at its height; repeats that are all the first."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.afresh import Afresh
from benchmarks.command import Command
from benchmarks.contestant import ContestantError
from benchmarks.peak import Peak


def test_the_peak_of_a_process_is_what_it_held_at_once() -> None:
    small = Peak(sys.executable, "-c", "pass").repeat()
    large = Peak(sys.executable, "-c", "x = b'1' * 100_000_000; del x").repeat()
    assert 90e6 < large - small < 120e6


def test_a_process_that_fails_has_no_peak() -> None:
    with pytest.raises(ContestantError, match="ended with 3"):
        Peak(sys.executable, "-c", "raise SystemExit(3)").repeat()
    with pytest.raises(ContestantError, match="No such file"):
        Peak("/there/is/no/such/program").repeat()


def test_what_a_repeat_left_behind_is_taken_away_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    writing = Command(sys.executable, "-c", f"open({str(path)!r}, 'x'); print()")
    afresh = Afresh(writing, lambda: path.unlink(missing_ok=True))
    for _ in range(2):
        assert afresh.repeat() > 0
        assert path.exists()
