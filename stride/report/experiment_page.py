"""The page of `stride report`: one HTML file that holds all it shows, and asks no network."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from stride import __version__
from stride.report.page_curves import MOST_POINTS, RunCurves, pack_to_fit, read_curves
from stride.report.page_details import build_details
from stride.report.page_runs import build_table
from stride.store.record import utc_now
from stride.store.row import Row

_ROOM = 1_950_000
"""Bytes of a page of a thousand runs or fewer; of more, in proportion."""
_MARK = '<meta name="generator" content="stride report">'
_LEAST = 200_000
"""Bytes that are left for curves and details, however large the table is."""
_SCRIPTS = (
    "format",
    "data",
    "expression",
    "state",
    "table",
    "scale",
    "chart",
    "charts",
    "details",
    "main",
)
"""In the order in which they need each other."""


@dataclass(frozen=True)
class ExperimentPage:
    """A page, and what it could not take.

    Attributes:
        content: of the file, UTF-8.
        points: how many a curve has at most.
        notes: sentences on what cannot be read.
    """

    content: bytes
    runs: int
    points: int
    notes: list[str]


def is_page(path: Path) -> bool:
    """Whether a file is such a page, by its beginning."""
    try:
        with path.open("rb") as stream:
            return _MARK.encode() in stream.read(1000)
    except OSError:
        return False


def build_page(rows: Sequence[Row], name: str, query: str = "") -> ExperimentPage:
    """Read the tables and the provenance of runs, and write their page.

    Args:
        rows: the runs, the newest first.
        name: of the experiment.
        query: how the runs were selected; "" where all are there.
    """
    curves = [read_curves(row.run) for row in rows]
    notes = [
        *(f"{row.run.address}: {row.problem}" for row in rows if row.problem),
        *(each.problem for each in curves if each.problem),
    ]
    table = build_table(rows)
    head = {
        "experiment": name,
        "query": query,
        "made": utc_now(),
        "stride": __version__,
        "statuses": Counter(row.status for row in rows).most_common(),
        "notes": notes[:100],
        **table,
    }
    shell = _text("page.html"), _text("page.css"), "\n".join(_scripts())
    room = _ROOM * max(1.0, len(rows) / 1000)
    taken = sum(len(part.encode("utf-8", "replace")) for part in (*shell, _json(head)))
    packed = pack_to_fit(curves, build_details(rows), max(_LEAST, int(room - taken)))
    head["points"] = packed.points
    head["thinned"] = packed.points < MOST_POINTS or _any_full(curves)
    filled = _filled(
        shell[0],
        title=html.escape(name),
        style=shell[1],
        script=shell[2],
        runs=_json(head),
        packed=packed.text,
    )
    return ExperimentPage(filled.encode("utf-8", "replace"), len(rows), packed.points, notes)


def _any_full(curves: Sequence[RunCurves]) -> bool:
    """Whether a curve has as many points as it may: then it probably had more."""
    return any(len(c.x) >= MOST_POINTS - 4 for each in curves for c in each.by_metric.values())


def _json(tree: Any) -> str:
    """JSON that ends no script element, whatever is in it."""
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _text(name: str) -> str:
    return (files("stride.report") / "html" / name).read_text(encoding="utf-8")


def _scripts() -> Iterator[str]:
    for name in _SCRIPTS:
        yield _text(f"{name}.js")


def _filled(template: str, **parts: str) -> str:
    """The template with each `{{name}}` replaced, in one pass: what is put in is not looked at."""
    pieces = template.split("{{")
    found = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        found += [parts[name], rest]
    return "".join(found)
