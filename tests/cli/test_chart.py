"""A chart on the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.cli.chart import draw_plot
from stride.cli.terminal import Terminal
from stride.cli.text import width_of
from stride.report.curves import By
from stride.report.plot import Line, Panel, Plot

VALUES = st.floats() | st.sampled_from([0.0, 1.0, -1.0])


def line(x: Sequence[float], y: Sequence[float], *, place: int = 0, metric: str = "loss") -> Line:
    label, runs = f"{place} lr=0.1", (f"exp/{place}",)
    return Line(metric, label, runs, [*x], [*y], None, None, None, place, 0)


def draw(
    *lines: Line, terminal: Terminal | None = None, by: By = By.EPOCH, log: bool = False
) -> list[str]:
    plot = Plot(by, [Panel("loss", list(lines))], [])
    return list(draw_plot(plot, terminal or Terminal(), log=log, log_x=log))


def test_a_curve_has_axes_ticks_and_a_legend() -> None:
    lines = draw(line([1, 2, 3], [1.0, 2.0, 3.0]))
    assert lines[0] == "loss"
    assert lines[1].startswith("3.0 ┤")
    assert lines[15].startswith("1.0 ┤⣀")
    assert lines[16].startswith("    └┬")
    assert lines[17].split() == ["1", "2", "3"]
    assert lines[18].strip() == "epoch"
    assert lines[19] == "  ━━ 0 lr=0.1"


def test_without_colours_letters_tell_the_lines_apart() -> None:
    lines = draw(line([1, 2], [1, 2]), line([1, 2], [2, 1], place=1))
    picture = "".join(lines[1:16])
    assert "a" in picture
    assert "b" in picture
    assert [text[:4] for text in lines[-2:]] == ["  a ", "  b "]


def test_with_colours_no_letter_is_needed() -> None:
    terminal = Terminal(colour=True, width=60)
    lines = draw(line([1, 2], [1, 2]), line([1, 2], [2, 1], place=1), terminal=terminal)
    assert "\x1b[38;5;33m━━\x1b[0m 0 lr=0.1" in lines[-2]
    assert "\x1b[38;5;208m━━\x1b[0m 1 lr=0.1" in lines[-1]


def test_more_lines_than_colours_have_letters_too() -> None:
    terminal = Terminal(colour=True, width=60)
    lines = draw(*(line([1, 2], [place, 1], place=place) for place in range(9)), terminal=terminal)
    assert lines[-1].endswith("i\x1b[0m 8 lr=0.1")


def test_a_gap_is_not_bridged_and_a_point_alone_is_drawn() -> None:
    lines = draw(line([0, 1, 2, 3, 4], [1, 1, math.nan, math.inf, 1]))
    drawn = next(text for text in lines[1:16] if "⠒" in text or "⠤" in text or "⡀" in text)
    middle = drawn[30:70]
    assert middle.strip() == ""
    assert drawn.rstrip()[-1] not in " │┤"


def test_a_spike_among_a_million_is_seen() -> None:
    y = [0.0] * 1_000_000
    y[500_000] = 1.0
    lines = draw(line(range(1_000_000), y))
    assert any(sign not in " │┤" for sign in lines[1].split("┤")[-1])


def test_on_a_logarithmic_axis_what_is_not_above_zero_is_left_out() -> None:
    lines = draw(line([1, 2, 3], [-1.0, 0.0, 0.1]), log=True)
    assert "0.1 ┤" in "".join(lines)
    nothing = draw(line([1, 2], [0.0, -1.0]), log=True)
    assert nothing[1] == "  nothing to draw by ratios"


def test_time_is_in_the_unit_that_suits_it() -> None:
    assert draw(line([0, 7200], [1, 2]), by=By.TIME)[18].strip() == "hours"


@settings(deadline=None)
@given(
    st.lists(st.tuples(VALUES.filter(math.isfinite), VALUES), max_size=30),
    st.integers(20, 120),
    st.booleans(),
)
def test_any_curve_is_drawn_within_the_terminal(
    points: list[tuple[float, float]], width: int, log: bool
) -> None:
    points.sort(key=lambda point: point[0])
    curve = line([x for x, _ in points], [y for _, y in points])
    for text in draw(curve, terminal=Terminal(width=width), log=log):
        assert width_of(text) <= max(width, 40)


@pytest.mark.parametrize("log", [False, True])
def test_a_band_is_shaded_around_its_mean(log: bool) -> None:
    band = Line("loss", "seeds", ("0", "1"), [1, 9], [2, 2], [1, 1], [3, 3], [2, 2], 0, 0)
    lines = draw(band, log=log)
    filled = [text for text in lines[1:16] if text.strip(" │┤.0123456789")]
    assert len(filled) == 15
    assert lines[-1] == "  ━━ seeds, mean and range"
