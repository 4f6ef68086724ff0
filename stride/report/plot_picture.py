"""The picture of a plot, by Matplotlib: a panel below the other, one legend each."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING, Any

from stride.errors import UsageError
from stride.report.curves import By
from stride.report.plot import Line, Panel, Plot, times_unit
from stride.report.thinning import kept_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 7.5
_HEIGHT = 3.6
"""Inches, of a panel."""
_DOTS_PER_INCH = 150
_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#8C8C00",
    "#595959",
)
"""After Okabe and Ito (2008), which people who see colours differently tell apart; their yellow is
darker here, and grey stands for black."""
_DASHES = ("-", "--", "-.", ":")
_MOST_INSIDE = 6
"""Lines of a legend that may stand inside the axes."""
_LEGEND_LINE = 0.2
"""Inches of a line in a legend beside the axes."""
_MOST_POINTS = 2000
_LONGEST = 80
_LONGEST_BESIDE = 40


def draw_picture(plot: Plot, format: str, *, log: bool, log_x: bool) -> bytes:
    """The bytes of the picture, the same for the same curves.

    Args:
        plot: with at least one panel.
        format: png, svg or pdf.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        # Deferred: half a second of import, for what the terminal does without.
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "a picture needs matplotlib: pip install 'stride-experiments[report]'"
        ) from error
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    # Only here, whatever the user's own settings are.
    with (
        matplotlib.rc_context({"svg.hashsalt": "stride", "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "Glyph")  # of a script that the font does not have
        warnings.filterwarnings("ignore", "constrained_layout not applied")  # no room beside names
        lines = max(len(panel.lines) for panel in plot.panels)
        size = (_WIDTH, max(_HEIGHT, _LEGEND_LINE * (lines + 2)) * len(plot.panels))
        figure = Figure(figsize=size, layout="constrained")
        for place, panel in enumerate(plot.panels):
            axes = figure.add_subplot(len(plot.panels), 1, place + 1)
            _draw(axes, plot, panel, log, log_x)
        stream = io.BytesIO()
        figure.savefig(stream, format=format, dpi=_DOTS_PER_INCH, metadata=metadata[format])
    return stream.getvalue()


def _draw(axes: Axes, plot: Plot, panel: Panel, log: bool, log_x: bool) -> None:
    longest = max((line.x[-1] for line in panel.lines), default=0.0)
    unit, name = times_unit(longest) if plot.by is By.TIME else (1.0, str(plot.by))
    several = len({line.metric for line in panel.lines}) > 1
    beside = len(panel.lines) > _MOST_INSIDE
    room = _LONGEST_BESIDE if beside else _LONGEST
    for line in panel.lines:
        _draw_line(axes, line, unit, _plain(plot.words(panel, line), room))
    axes.set_xlabel(_plain(name))
    axes.set_ylabel(_plain(panel.heading if several else panel.lines[0].metric))
    if log:
        axes.set_yscale("log", nonpositive="mask")
    if log_x:
        axes.set_xscale("log", nonpositive="mask")
    elif plot.by is not By.TIME:
        axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if beside:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
    else:
        axes.legend(fontsize="small", frameon=False)


def _draw_line(axes: Axes, line: Line, unit: float, label: str) -> None:
    colour = _COLOURS[line.colour % len(_COLOURS)]
    dashes = _DASHES[(line.style + line.colour // len(_COLOURS)) % len(_DASHES)]
    places = kept_points(line.x, line.y, _MOST_POINTS)
    x = [line.x[place] / unit for place in places]
    y = [_drawn(line.y[place]) for place in places]
    if line.low is not None and line.high is not None:
        low, high = ([_drawn(edge[p]) for p in places] for edge in (line.low, line.high))
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    marker = "o" if _alone(y) else None
    axes.plot(x, y, dashes, color=colour, marker=marker, markersize=3, linewidth=1.5, label=label)


def _drawn(value: float) -> float:
    """The value; nan, where the line is broken, in place of an infinity."""
    return value if math.isfinite(value) else math.nan


def _alone(values: list[float]) -> bool:
    """Whether a point has no neighbour to be joined with: no line would show it."""
    known = [math.isfinite(value) for value in values]
    padded = [False, *known, False]
    return any(
        here and not before and not after
        for before, here, after in zip(padded, padded[1:], padded[2:], strict=False)
    )


def _plain(text: str, longest: int = _LONGEST) -> str:
    """A text in which no sign has a meaning of its own, short enough for a legend."""
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text.replace("$", "\\$")
