"""The picture of a sweep: the value of each trial, and the best so far."""

from __future__ import annotations

import io
from typing import Any

from stride.errors import UsageError
from stride.sweep.summary import Summary

_INCHES = (6.4, 4.8)
_DOTS_PER_INCH = 150


def draw_history(summary: Summary, format: str) -> bytes:
    """The bytes of the picture, the same for the same sweep.

    Args:
        summary: of a sweep with a completed trial.
        format: `png` or `svg`.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        # Deferred: half a second of import, for what most looks do without.
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise UsageError(
            "a picture needs matplotlib: pip install 'stride-experiments[report]'"
        ) from error
    with matplotlib.rc_context({"svg.hashsalt": "stride", "svg.fonttype": "none"}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.add_subplot()
        for state, colour, sign in (("completed", "tab:blue", "o"), ("pruned", "0.6", "x")):
            rows = [row for row in summary.rows if row.state == state and row.value is not None]
            values = [row.value or 0.0 for row in rows]
            if rows:
                axes.plot([row.trial for row in rows], values, sign, color=colour, label=state)
        axes.step(*zip(*summary.history, strict=True), where="post", color="tab:orange",
                  label="best so far")  # fmt: skip
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("trial")
        axes.set_ylabel(summary.definition.metric)
        axes.set_title(summary.definition.name)
        axes.legend()
        stream = io.BytesIO()
        metadata: dict[str, Any] = {"svg": {"Date": None}, "png": {}}[format]
        figure.savefig(stream, format=format, dpi=_DOTS_PER_INCH, metadata=metadata)
    return stream.getvalue()
