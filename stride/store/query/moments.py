"""Moments and durations as people write them: `2 days ago`, `2026-11-01`, `today`, `1h 30m`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MOMENT_FORMS: Final = "'2026-11-01', '2026-11-01 14:30', 'today', 'yesterday' or '2 days ago'"
"""What `parse_span` reads, for people."""
DURATION_FORMS: Final = "'90s', '2h', '1h 30m' or '2 days'"
"""What `parse_duration` reads, for people."""

_SECONDS: Final = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
}
_AMOUNT: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|an?\b)\s*([a-z]+)(?:\s+|(?=[0-9])|$)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Span:
    """A day, or a moment where the end is the beginning; seconds since the epoch."""

    start: float
    end: float


def parse_span(text: str, now: datetime) -> Span | None:
    """What a text says of time; None where it says nothing.

    Args:
        now: an aware moment; days are those of its time zone, and so are moments without one.
    """
    text = text.strip().lower()
    try:
        if text == "now":
            return _moment(now)
        if text in ("today", "yesterday"):
            return _day(now if text == "today" else _midnight(now) - timedelta(hours=12), now)
        if text.endswith(" ago"):
            seconds = parse_duration(text.removesuffix(" ago"))
            return None if seconds is None else _moment(now - timedelta(seconds=seconds))
        stated = datetime.fromisoformat(text.upper())
        if _DAY.fullmatch(text):
            return _day(stated, now)
        return _moment(stated if stated.tzinfo else _local(stated, now))
    except (ValueError, OverflowError, OSError):
        return None


def parse_duration(text: str) -> float | None:
    """Seconds of `2h`, `1h 30m`, `90 minutes`, `an hour`; None where the text is no duration."""
    rest = text.strip().lower()
    total = 0.0
    if not rest:
        return None
    while rest:
        found = _AMOUNT.match(rest)
        unit = _unit(found[2]) if found else None
        if found is None or unit is None:
            return None
        total += unit * (1 if found[1].startswith("a") else float(found[1]))
        rest = rest[found.end() :].removeprefix("and ").strip()
    return total


def stored_moment(text: str) -> float | None:
    """Seconds since the epoch of a stored moment, UTC where it says no zone; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _unit(word: str) -> int | None:
    return _SECONDS.get(word) or (_SECONDS.get(word[:-1]) if word.endswith("s") else None)


def _moment(moment: datetime) -> Span:
    return Span(moment.timestamp(), moment.timestamp())


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(day: datetime, now: datetime) -> Span:
    """From midnight to midnight, which a change of the clocks makes 23 or 25 hours."""
    start = day.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    end = start + timedelta(days=1)
    return Span(_local(start, now).timestamp(), _local(end, now).timestamp())


def _local(moment: datetime, now: datetime) -> datetime:
    """A moment without a zone in that of this machine, or in the one that `now` was given in.

    `astimezone` of a machine's own zone gives a fixed offset, which is not that of another season.
    """
    own = now.astimezone().utcoffset() == now.utcoffset()
    return moment.astimezone() if own else moment.replace(tzinfo=now.tzinfo)
