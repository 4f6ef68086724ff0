"""benchmarks.group: interleaved rounds and the rows that come of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.command import Command
from benchmarks.group import Group, Row


def _appending(path: Path, letter: str) -> Command:
    return Command(sys.executable, "-c", f"open({str(path)!r}, 'a').write({letter!r}); print()")


def test_rounds_are_interleaved_and_each_contestant_goes_first_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "order"
    group = Group("writing", repeats=2)
    group.measure({letter: lambda x=letter: _appending(path, x) for letter in "abc"})
    assert path.read_text() == "abc" + "bca" + "cab"
    assert {name: len(samples) for name, samples in group.samples.items()} == dict.fromkeys(
        "abc", 2
    )


def test_who_is_timed_seldom_takes_part_in_the_warming_up_and_every_fourth_round(
    tmp_path: Path,
) -> None:
    path = tmp_path / "order"
    group = Group("writing", repeats=5)
    makes = {letter: lambda x=letter: _appending(path, x) for letter in "ab"}
    group.measure(makes, seldom="b")
    assert path.read_text() == "ab" + "ba" + "a" + "a" + "a" + "ba"
    assert {name: len(samples) for name, samples in group.samples.items()} == {"a": 5, "b": 2}


def test_without_warming_up_the_first_round_counts(tmp_path: Path) -> None:
    path = tmp_path / "order"
    group = Group("writing", repeats=1, warms_up=False)
    group.measure({"a": lambda: _appending(path, "a")})
    assert path.read_text() == "a"
    assert len(group.samples["a"]) == 1


def test_a_group_that_is_left_out_says_why() -> None:
    group = Group("on a GPU", repeats=1)
    group.leave_out("there is none")
    (row,) = group.rows
    assert (row.what, row.note, row.held) == ("on a GPU", "there is none", None)


def test_a_contestant_that_fails_is_named_with_what_it_said_and_the_others_go_on() -> None:
    failing = "raise SystemExit('no such table')"
    group = Group("listing", repeats=2)
    group.measure(
        {
            "stride": lambda: Command(sys.executable, "-c", "print(1)"),
            "broken": lambda: Command(sys.executable, "-c", failing),
            "absent": "it cannot be installed",
        }
    )
    group.compare("broken", 1.0)
    group.compare("absent", 1.0)
    assert [row.note for row in group.rows] == [
        "broken: ended with 1: no such table",
        "absent: it cannot be installed",
    ]
    assert all(row.ratio is None and row.held is None for row in group.rows)
    assert len(group.samples["stride"]) == 2


def test_who_prints_too_little_has_not_done_the_work() -> None:
    group = Group("listing", repeats=1)
    silent = Command(sys.executable, "-c", "pass", least_lines=3)
    group.measure({"silent": lambda: silent})
    assert group.failures == {"silent": "printed less than 3 lines"}


def test_the_output_on_a_terminal_is_read_to_its_end() -> None:
    script = "import sys; assert sys.stdout.isatty(); print('\\n' * 50_000)"
    command = Command(sys.executable, "-c", script, least_lines=50_000, terminal=True)
    assert command.repeat() > 0


@pytest.mark.parametrize(
    ("figure", "expected"), [("median", 2.0), ("lowest", 1.0), ("highest", 4.5)]
)
def test_the_figure_is_that_of_one_of_what_is_counted(
    figure: Literal["median", "lowest", "highest"], expected: float
) -> None:
    group = Group("x", 3, count=2, figure=figure, samples={"stride": [4.0, 2.0, 9.0]})
    assert group.seconds("stride") == expected


def test_a_bar_holds_when_the_ratio_is_not_above_it() -> None:
    def held(stride: float, bar: float | None) -> bool | None:
        return Row("x", "peer", stride, 2.0, bar).held

    assert (held(1.0, 0.5), held(1.1, 0.5), held(1.0, None)) == (True, False, None)


def test_a_limit_holds_when_the_time_is_not_above_it_whatever_the_peer_takes() -> None:
    def held(stride: float | None) -> bool | None:
        return Row("x", "peer", stride, None, None, limit=0.5).held

    assert (held(0.5), held(0.6), held(None)) == (True, False, None)
