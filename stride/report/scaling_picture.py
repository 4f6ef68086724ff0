"""The picture of a scaling: speed-up over ranks, both logarithmic, beside the ideal line."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stride.errors import UsageError
from stride.report.scaling import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg")
_INCHES = (6.4, 4.8)
_DOTS_PER_INCH = 150
_LONGEST = 40


def draw_scaling(comparisons: Sequence[Comparison], format: str) -> bytes:
    """The bytes of the picture, the same for the same figures.

    Args:
        comparisons: at least one; each is a line of its own.
        format: one of `FORMATS`.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        # Deferred: half a second of import, for what most reports do without.
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "a picture needs matplotlib: pip install 'stride-experiments[report]'"
        ) from error
    # Only here, whatever the user's own settings are.
    with matplotlib.rc_context({"svg.hashsalt": "stride", "svg.fonttype": "none"}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        _draw(figure.add_subplot(), comparisons)
        stream = io.BytesIO()
        metadata: dict[str, Any] = {"svg": {"Date": None}, "png": {}}[format]
        figure.savefig(stream, format=format, dpi=_DOTS_PER_INCH, metadata=metadata)
    return stream.getvalue()


def _draw(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    fewest = min(comparison.points[0].ranks for comparison in comparisons)
    most = max(comparison.points[-1].ranks for comparison in comparisons)
    axes.plot([fewest, most], [1, most / fewest], "--", color="0.6", label="ideal")
    for comparison in comparisons:
        points = comparison.points
        beginning = points[0].ranks / fewest  # one that begins with more ranks is on the line too
        label = ", ".join(f"{key}={_text(value)}" for key, value in comparison.settings.items())
        axes.plot(
            [point.ranks for point in points],
            [point.speed_up * beginning for point in points],
            "o-",
            label=label or "measured",
        )
        for point in points:
            if point.nodes > 1:
                place = (point.ranks, point.speed_up * beginning)
                text = f"{point.nodes} machines"
                axes.annotate(text, place, (6, -12), textcoords="offset points", size="small")
    ranks = sorted({point.ranks for each in comparisons for point in each.points})
    ticks = [ranks[0] * 2**power for power in range(_doublings(ranks[-1] / ranks[0]) + 1)]
    axes.set_xticks(ranks, [str(number) for number in ranks])
    axes.set_yticks([tick / fewest for tick in ticks], [f"{tick / fewest:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("ranks")
    axes.set_ylabel("speed-up" if fewest == 1 else f"speed-up over {fewest} ranks")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()


def _doublings(ratio: float) -> int:
    """How often two must be multiplied to reach a ratio."""
    count = 0
    while 2**count < ratio:
        count += 1
    return count


def _text(value: Any) -> str:
    """A setting as JSON, short enough for a legend, in which no sign has a meaning of its own."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.replace("$", "\\$")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
