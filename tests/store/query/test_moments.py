"""Moments and durations as people write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.store.query.moments import Span, parse_duration, parse_span, stored_moment

NOW = datetime(2026, 11, 20, 14, 27, 30, tzinfo=UTC)


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7200),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("90 minutes", 5400),
        ("an hour and 5 min", 3900),
        ("a day", 86_400),
        ("1.5 weeks", 907_200),
        ("12s", 12),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "2", "h", "2 parsecs", "2h x", "-2h", "ago", "s2"])
def test_another_text_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("now", Span(NOW.timestamp(), NOW.timestamp())),
        ("2 days ago", Span(at(2026, 11, 18, 14, 27, 30), at(2026, 11, 18, 14, 27, 30))),
        ("today", Span(at(2026, 11, 20), at(2026, 11, 21))),
        ("Yesterday", Span(at(2026, 11, 19), at(2026, 11, 20))),
        ("2026-11-01", Span(at(2026, 11, 1), at(2026, 11, 2))),
        ("2026-11-01 14:30", Span(at(2026, 11, 1, 14, 30), at(2026, 11, 1, 14, 30))),
        ("2026-11-01T14:30:00Z", Span(at(2026, 11, 1, 14, 30), at(2026, 11, 1, 14, 30))),
        ("2026-11-01T14:30+02:00", Span(at(2026, 11, 1, 12, 30), at(2026, 11, 1, 12, 30))),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, span: Span) -> None:
    assert parse_span(text, NOW) == span


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "2 days", "99999999999 weeks ago", "9999-12-31", "x ago"]
)
def test_another_text_is_no_moment(text: str) -> None:
    assert parse_span(text, NOW) is None


def test_a_day_is_that_of_the_place_and_as_long_as_the_clocks_make_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        span = parse_span("2026-11-01", NOW.astimezone())
    time.tzset()
    assert span == Span(at(2026, 11, 1, 4), at(2026, 11, 2, 5))


@given(st.text(), st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1)))
def test_any_text_is_a_moment_or_none(text: str, now: datetime) -> None:
    parse_span(text, now)
    parse_duration(text)
    stored_moment(text)


def test_a_stored_moment_is_utc() -> None:
    assert stored_moment("2026-11-20T14:27:30.000Z") == NOW.timestamp()
    assert stored_moment("2026-11-20T14:27:30") == NOW.timestamp()
    assert stored_moment("soon") is None
