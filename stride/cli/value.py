"""A value as people read it: numbers, config values, moments, durations, sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from stride.cli.text import harmless

if TYPE_CHECKING:
    from stride.store.record import Progress

NOTHING = "-"
"""Stands where a run has no such value."""

_DIGEST = re.compile(r"(sha256:)?([0-9a-f]{12})[0-9a-f]{28,}")


def value_text(value: Any) -> str:
    """A config value on one line: text bare, numbers exact, the rest as JSON."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return harmless(value) if value else '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    return harmless(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def metric_text(value: float | str | None) -> str:
    """A metric with four decimals, or four digits where it is small or large."""
    if value is None:
        return NOTHING
    if not isinstance(value, float):
        return harmless(str(value))
    if value == 0 or 0.001 <= abs(value) < 100_000:
        return f"{value:.4f}"
    return f"{value:.4g}"


def moment_text(moment: str | None) -> str:
    """A stored moment (UTC, ISO 8601) in the local time, to the minute: `2026-11-20 14:27`."""
    local = _local(moment)
    if local is None:
        return NOTHING if moment is None else harmless(moment)
    return local.strftime("%Y-%m-%d %H:%M")


def short_moment_texts(moments: Iterable[str | None], today: date) -> list[str]:
    """Moments of one column, without what all of them share with today: `14:27`, `11-20 14:27`."""
    texts = [moment_text(moment) for moment in moments]
    for begin in (today.strftime("%Y-%m-%d "), today.strftime("%Y-")):
        if all(text.startswith(begin) or text == NOTHING for text in texts):
            return [text.removeprefix(begin) for text in texts]
    return texts


def _local(moment: str | None) -> datetime | None:
    try:
        return None if moment is None else datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return None


def duration_text(seconds: float) -> str:
    """Seconds as `42s`, `3m 12s`, `5h 02m` or `2d 07h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600:02d}h"


def size_text(size: int) -> str:
    """Bytes as `812 B`, `14.2 kB`, `3.1 MB` or `2.0 GB`."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"


def digest_text(text: str) -> str:
    """A digest or commit in the first twelve digits of its own; other text as it is."""
    found = _DIGEST.fullmatch(text)
    return text if found is None else found[2]


def progress_text(progress: Progress | None) -> str:
    """How far a run is: `epoch 3/20`, or `step 1200/5000` where the steps end it sooner."""
    if progress is None:
        return NOTHING
    epochs = _part("epoch", progress.epoch, progress.max_epochs)
    steps = _part("step", progress.step, progress.max_steps)
    if progress.max_steps is not None and _share(progress.step, progress.max_steps) > _share(
        progress.epoch, progress.max_epochs
    ):
        return steps
    return epochs or steps or NOTHING


def _part(word: str, number: int | None, whole: int | None) -> str:
    if number is None:
        return ""
    return f"{word} {number}" if whole is None else f"{word} {number}/{whole}"


def _share(number: int | None, whole: int | None) -> float:
    return (number or 0) / whole if whole else 0.0
