"""The curves of a report page: thinned until the page stays small, and packed."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stride.errors import StorageError, StoredFileError
from stride.report.clock import Clock
from stride.report.curves import By, Curve, Curves
from stride.report.thinning import kept_points
from stride.store.run import Run

MOST_POINTS = 200
"""Of a curve; as many as this where the page has room."""
_FEWER = (200, 140, 100, 70, 50, 34, 24, 16, 10)
_KNOTS = 24
"""Pairs of a clock that are kept."""
_DIGITS = 4
_CHARACTERS = 2.6
"""That a number of a curve takes when it is packed, about."""


@dataclass(frozen=True)
class RunCurves:
    """What the page draws of a run.

    Attributes:
        by_metric: over steps, or over epochs where the tables have no steps.
        epochs, seconds: clocks of the run; None where there are no such columns.
        problem: why a table cannot be read.
    """

    by_metric: dict[str, Curve]
    epochs: Clock | None
    seconds: Clock | None
    problem: str | None = None


def read_curves(run: Run) -> RunCurves:
    """The curves of metrics.csv and of steps.csv, thinned; what cannot be read is said."""
    curves = Curves(run)
    found: dict[str, Curve] = {}
    try:
        for name, (table, _) in curves.names.items():
            if "." in name or table == "timings":
                continue
            curve = curves.read(name, By.STEP) or curves.read(name, By.EPOCH)
            if curve is not None:
                found[name] = thinned(curve, MOST_POINTS)
        return RunCurves(found, _clock(curves.epoch_clock), _clock(curves.time_clock))
    except (StoredFileError, StorageError) as error:
        return RunCurves(found, None, None, str(error))


def thinned(curve: Curve, most: int) -> Curve:
    """At most so many points, the lowest and the highest of every stretch among them."""
    if len(curve.x) <= most:
        return curve
    places = kept_points(curve.x, curve.y, max(1, most // 2 - 1))
    return Curve([curve.x[place] for place in places], [curve.y[place] for place in places])


def _clock(clock: Clock) -> Clock | None:
    """The clock with few pairs; those on a line between others say nothing."""
    pairs = list(zip(clock.steps, clock.readings, strict=True))
    if len(pairs) < 2:
        return None
    kept = [pairs[0]]
    for pair, after in pairwise(pairs[1:]):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], pair, after
        if not math.isclose((y1 - y0) * (x2 - x1), (y2 - y1) * (x1 - x0), rel_tol=1e-9):
            kept.append(pair)
    kept.append(pairs[-1])
    every = max(1, math.ceil(len(kept) / _KNOTS))
    few = [*kept[:-1:every], kept[-1]]
    return Clock([step for step, _ in few], [reading for _, reading in few])


@dataclass(frozen=True)
class Packed:
    """A packed text for the page, and how many points a curve in it has at most."""

    text: str
    points: int


def pack_to_fit(runs: Sequence[RunCurves], details: Any, room: int) -> Packed:
    """Pack curves and details, the curves thinned as far as the room of so many characters asks.

    Where ten points a curve are too many still, the text is longer than the room.
    """
    told = json.dumps(details, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    room_for_curves = room - len(told) / 4
    for points in _FEWER:
        numbers = sum(min(len(c.x), points) for run in runs for c in run.by_metric.values())
        if numbers * _CHARACTERS > 1.3 * room_for_curves and points > _FEWER[-1]:
            continue  # far from fitting: not worth the packing
        text = pack(f'{{"curves":{_curves_json(runs, points)},"details":{told}}}')
        if len(text) <= room:
            break
    return Packed(text, points)


def pack(text: str) -> str:
    """A text, deflated (RFC 1951), in base64: signs that mean nothing in HTML."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(text.encode("utf-8", "replace")) + packer.flush()
    return base64.b64encode(packed).decode("ascii")


def _curves_json(runs: Sequence[RunCurves], most: int) -> str:
    """`metrics`; `runs` with their clocks and curves; `places`, each list of them once.

    A curve is the place of its list of places, which are differences, and its values. Millions of
    numbers: they become text at once.
    """
    metrics = list(dict.fromkeys(name for run in runs for name in run.by_metric))
    places: dict[str, int] = {}
    told = []
    for run in runs:
        curves = ",".join(_curve_json(run.by_metric.get(name), most, places) for name in metrics)
        epochs, seconds = _clock_json(run.epochs), _clock_json(run.seconds)
        told.append(f'{{"epochs":{epochs},"seconds":{seconds},"curves":[{curves}]}}')
    names = json.dumps(metrics, ensure_ascii=False)
    return f'{{"metrics":{names},"runs":[{",".join(told)}],"places":[{",".join(places)}]}}'


def _curve_json(curve: Curve | None, most: int, places: dict[str, int]) -> str:
    if curve is None:
        return "null"
    curve = thinned(curve, most)
    steps = (after - before for before, after in pairwise([0.0, *curve.x]))
    text = f"[{','.join([f'{step:.9g}' for step in steps])}]"
    return f"[{places.setdefault(text, len(places))},{_numbers_json(curve.y, _DIGITS)}]"


def _clock_json(clock: Clock | None) -> str:
    if clock is None:
        return "null"
    return f"[{_numbers_json(clock.steps, 9)},{_numbers_json(clock.readings, _DIGITS)}]"


def _numbers_json(values: Sequence[float], digits: int) -> str:
    """With few digits; null for what is not finite."""
    finite = math.isfinite
    texts = [f"{value:.{digits}g}" if finite(value) else "null" for value in values]
    return f"[{','.join(texts)}]"
