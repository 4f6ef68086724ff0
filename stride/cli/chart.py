"""A chart on the screen: the lines of a panel in braille, axes with ticks, and a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stride.cli.canvas import Canvas
from stride.cli.terminal import Terminal
from stride.cli.text import cut, harmless, width_of
from stride.cli.ticks import Axis, axis_around, tick_texts, ticks
from stride.report.curves import By
from stride.report.plot import Line, Panel, Plot, finite, times_unit
from stride.report.thinning import kept_points

_COLOURS = ("33", "208", "36", "170", "178", "74", "160", "245")
"""Of the 256 that terminals share: blue, orange, green, purple, yellow, sky, red, grey, near those
of Okabe and Ito, which people who see colours differently tell apart."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDTH = 80
_ROWS = 15
_LETTER_EVERY = 24
"""Dots between two letters on a line."""


def draw_plot(plot: Plot, terminal: Terminal, *, log: bool, log_x: bool) -> Iterator[str]:
    """The lines of text of all panels; a panel of which nothing can be drawn says so."""
    for number, panel in enumerate(plot.panels):
        if number:
            yield ""
        yield from _draw_panel(plot, panel, terminal, log, log_x)


def _draw_panel(
    plot: Plot, panel: Panel, terminal: Terminal, log: bool, log_x: bool
) -> Iterator[str]:
    yield terminal.paint(harmless(_heading(panel)), "bold")
    shown = [_drawable(line, log, log_x) for line in panel.lines]
    x_values = [value for line in shown for value in _kept(line.x, line.y)]
    y_values = [value for line in shown for part in _parts(line) for value in finite(part)]
    if not x_values:
        yield f"  nothing to draw{' by ratios' if log or log_x else ''}"
        yield from _legend(plot, panel, terminal)
        return
    unit, name = times_unit(max(x_values)) if plot.by is By.TIME else (1.0, str(plot.by))
    x_axis = axis_around([value / unit for value in x_values], log=log_x)
    y_axis = axis_around(y_values, log=log)
    marks = ticks(y_axis, 6)
    texts = tick_texts(marks, log=log)
    left = max(map(width_of, texts), default=0) + 2
    canvas = Canvas(max(20, (terminal.width or _WIDTH) - left), _ROWS)
    for line in shown:
        _draw_band(canvas, line, unit, x_axis, y_axis)
    for line in shown:
        _draw_line(canvas, line, unit, x_axis, y_axis)
    if _has_letters(panel, terminal):
        for number, line in enumerate(shown):
            _draw_letters(canvas, line, number, unit, x_axis, y_axis)
    by_row = {
        _ROWS - 1 - _place(y_axis.at(mark), canvas.height) // 4: text
        for mark, text in zip(marks, texts, strict=True)
    }
    for row, drawn in enumerate(canvas.draw(terminal)):
        text = by_row.get(row, "")
        side = f"{' ' * (left - 2 - width_of(text))}{text} {'┤' if text else '│'}"
        yield (terminal.paint(side, "dim") + drawn).rstrip()
    for text in _x_axis(x_axis, canvas, left, name, whole=plot.by is not By.TIME):
        yield terminal.paint(text, "dim")
    yield from _legend(plot, panel, terminal)


def _heading(panel: Panel) -> str:
    metrics = list(dict.fromkeys(line.metric for line in panel.lines))
    return ", ".join(metrics)


def _drawable(line: Line, log: bool, log_x: bool) -> Line:
    """The line with gaps where an axis is logarithmic and a value is not above 0."""
    y = [value if math.isfinite(value) and (value > 0 or not log) else math.nan for value in line.y]
    keep = [place for place, value in enumerate(line.x) if value > 0 or not log_x]
    low, high = line.low, line.high
    if low is not None and log:
        low = [value if value > 0 else middle for value, middle in zip(low, y, strict=True)]

    def part(values: Sequence[float] | None) -> list[float] | None:
        return None if values is None else [values[place] for place in keep]

    return Line(
        line.metric,
        line.label,
        line.runs,
        part(line.x) or [],
        part(y) or [],
        part(low),
        part(high),
        None,
        line.colour,
        line.style,
    )


def _kept(x: Sequence[float], y: Sequence[float]) -> Iterator[float]:
    return (place for place, value in zip(x, y, strict=True) if math.isfinite(value))


def _parts(line: Line) -> list[list[float]]:
    return [part for part in (line.y, line.low, line.high) if part is not None]


def _place(share: float, dots: int) -> int:
    return min(max(round(share * (dots - 1)), 0), dots - 1)


def _dots(
    canvas: Canvas, x: Sequence[float], y: Sequence[float], unit: float, x_axis: Axis, y_axis: Axis
) -> list[tuple[int, int] | None]:
    """The dots of the points that must be drawn; None for a gap."""
    across = [x_axis.at(value / unit) for value in x]
    return [
        (_place(across[place], canvas.width), _place(y_axis.at(y[place]), canvas.height))
        if math.isfinite(y[place])
        else None
        for place in kept_points(across, y, canvas.width)
    ]


def _draw_line(canvas: Canvas, line: Line, unit: float, x_axis: Axis, y_axis: Axis) -> None:
    dots = _dots(canvas, line.x, line.y, unit, x_axis, y_axis)
    style = _style(line)
    for dot in dots:
        if dot is not None:
            canvas.dot(*dot, style)
    for before, after in pairwise(dots):
        if before is not None and after is not None:
            canvas.line(*before, *after, style)


def _draw_band(canvas: Canvas, line: Line, unit: float, x_axis: Axis, y_axis: Axis) -> None:
    """Every fourth dot between low and high."""
    if line.low is None or line.high is None:
        return
    lows = _heights(canvas, line.x, line.low, unit, x_axis, y_axis)
    highs = _heights(canvas, line.x, line.high, unit, x_axis, y_axis)
    for x in lows.keys() & highs.keys():
        for y in range(lows[x], highs[x] + 1):
            if (x + y) % 2 == 0 and x % 2 == 0:
                canvas.dot(x, y, _style(line), shade=True)


def _heights(
    canvas: Canvas, x: Sequence[float], y: Sequence[float], unit: float, x_axis: Axis, y_axis: Axis
) -> dict[int, int]:
    """The height of an edge of a band over every dot of the axis that it has."""
    found: dict[int, int] = {}
    dots = _dots(canvas, x, y, unit, x_axis, y_axis)
    found |= dict(dot for dot in dots if dot is not None)
    for before, after in pairwise(dots):
        if before is None or after is None:
            continue
        for place in range(before[0] + 1, after[0]):
            share = (place - before[0]) / (after[0] - before[0])
            found[place] = round(before[1] + share * (after[1] - before[1]))
    return found


def _has_letters(panel: Panel, terminal: Terminal) -> bool:
    """Whether colours alone do not tell the lines apart."""
    if len(panel.lines) < 2:
        return False
    colours = {_style(line) for line in panel.lines}
    return not terminal.colour or len(colours) < len(panel.lines)


def _draw_letters(
    canvas: Canvas, line: Line, number: int, unit: float, x_axis: Axis, y_axis: Axis
) -> None:
    """The letter of a line on it here and there, each line's at places of its own."""
    heights = _heights(canvas, line.x, line.y, unit, x_axis, y_axis)
    letter = _LETTERS[number % len(_LETTERS)]
    first = 6 + (number * 10) % _LETTER_EVERY
    put = False
    for start in range(first, canvas.width, _LETTER_EVERY):
        for place in range(start, min(start + _LETTER_EVERY // 2, canvas.width)):
            if place in heights and canvas.letter(place, heights[place], letter, _style(line)):
                put = True
                break
    for place in sorted(heights, reverse=True) if not put else ():
        if canvas.letter(place, heights[place], letter, _style(line)):
            return


def _style(line: Line) -> str:
    """The colour: that of its run, and another where a run has several lines."""
    return _COLOURS[(line.colour + 3 * line.style) % len(_COLOURS)]


def _x_axis(axis: Axis, canvas: Canvas, left: int, name: str, *, whole: bool) -> Iterator[str]:
    marks = ticks(axis, max(2, canvas.columns // 12), whole=whole)
    texts = tick_texts(marks, log=axis.log)
    rule = ["─"] * canvas.columns
    numbers = [" "] * (canvas.columns + left)
    end = 0
    for mark, text in zip(marks, texts, strict=True):
        column = _place(axis.at(mark), canvas.width) // 2
        begin = min(left + column - len(text) // 2, len(numbers) - len(text))
        if begin < end:
            continue
        rule[column] = "┬"
        numbers[begin : begin + len(text)] = text
        end = begin + len(text) + 1
    yield " " * (left - 1) + "└" + "".join(rule)
    below = "".join(numbers).rstrip()
    if width_of(below) + 2 + len(name) <= len(numbers):
        yield below + " " * (len(numbers) - width_of(below) - len(name)) + name
    else:
        yield below
        yield name.rjust(len(numbers))


def _legend(plot: Plot, panel: Panel, terminal: Terminal) -> Iterator[str]:
    """A sign and a label for each line; none where the heading tells all."""
    lettered = _has_letters(panel, terminal)
    for number, line in enumerate(panel.lines):
        sign = _LETTERS[number % len(_LETTERS)] if lettered else "━━"
        text = harmless(plot.words(panel, line))
        if terminal.width is not None:
            text = cut(text, max(20, terminal.width - 5))
        yield f"  {terminal.paint(sign, _style(line))} {text}"
