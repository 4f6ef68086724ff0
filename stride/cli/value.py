"""A value as people read it: numbers, config values, moments, durations, sizes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from stride.cli.text import harmless

NOTHING = "-"
"""Stands where a run has no such value."""


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
        return str(value)
    if value == 0 or 0.001 <= abs(value) < 100_000:
        return f"{value:.4f}"
    return f"{value:.4g}"


def moment_text(moment: str | None) -> str:
    """A stored moment (UTC, ISO 8601) in the local time, to the minute."""
    if moment is None:
        return NOTHING
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return harmless(moment)


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
