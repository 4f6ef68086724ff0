"""Values as people read them."""

import re
from datetime import date

import pytest

from stride.cli.value import (
    digest_text,
    duration_text,
    metric_text,
    moment_text,
    progress_text,
    short_moment_texts,
    size_text,
    value_text,
)
from stride.store.record import Progress


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ResNet", "ResNet"),
        ("", '""'),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (0.001, "0.001"),
        (0.0, "0.0"),
        (1e-05, "1e-05"),
        ([64, 64], "[64,64]"),
        ({"a": None}, '{"a":null}'),
        ("two\nlines", "two\\nlines"),
    ],
)
def test_a_config_value_is_one_short_line(value: object, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.93124, "0.9312"), (0.0, "0.0000"), (3.2e-07, "3.2e-07"), (1234567.0, "1.235e+06")],
)
def test_a_metric_has_four_digits(value: float, text: str) -> None:
    assert metric_text(value) == text


def test_a_metric_that_is_not_finite_or_not_there_is_said() -> None:
    assert metric_text("nan") == "nan"
    assert metric_text(float("inf")) == "inf"
    assert metric_text(None) == "-"


def test_a_moment_is_shown_to_the_minute_and_a_broken_one_as_it_is() -> None:
    assert re.fullmatch(r"2026-0[12]-\d\d \d\d:\d\d", moment_text("2026-01-31T12:30:05+00:00"))
    assert moment_text("yesterday\x1b") == "yesterday\\x1b"
    assert moment_text(None) == "-"


def test_moments_of_a_column_leave_out_what_they_share_with_today() -> None:
    moments = ["2026-05-20T12:30:00+00:00", None, "2026-05-20T12:45:00+00:00"]
    whole = [moment_text(moment) for moment in moments]
    day = date.fromisoformat(whole[0][:10])
    hours = [text.partition(" ")[2] or "-" for text in whole]
    assert short_moment_texts(moments, day) == hours
    assert short_moment_texts(moments, day.replace(month=12)) == [
        text.removeprefix("2026-") for text in whole
    ]
    assert short_moment_texts(moments, day.replace(year=2027)) == whole
    assert short_moment_texts([*moments, "2025-05-20T12:30:00+00:00"], day)[:3] == whole


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (None, "-"),
        (Progress(), "-"),
        (Progress(epoch=3, max_epochs=20, step=60), "epoch 3/20"),
        (Progress(epoch=3), "epoch 3"),
        (Progress(step=7, max_steps=70), "step 7/70"),
        (Progress(epoch=1, max_epochs=2, step=12, max_steps=12), "step 12/12"),
        (Progress(epoch=2, max_epochs=2, step=40, max_steps=1000), "epoch 2/2"),
    ],
)
def test_progress_is_told_by_what_ends_the_training(progress: Progress | None, text: str) -> None:
    assert progress_text(progress) == text


@pytest.mark.parametrize(
    ("text", "short"),
    [("sha256:" + "ab" * 32, "ab" * 6), ("c" * 40, "c" * 12), ("main", "main"), ("abc1", "abc1")],
)
def test_a_digest_is_its_first_twelve_digits(text: str, short: str) -> None:
    assert digest_text(text) == short


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.4, "59s"), (192, "3m 12s"), (18_120, "5h 02m"), (198_000, "2d 07h")],
)
def test_a_duration_has_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (14_200, "14.2 kB"),
        (999_990, "1.0 MB"),
        (2_000_000_000, "2.0 GB"),
    ],
)
def test_a_size_has_one_decimal(size: int, text: str) -> None:
    assert size_text(size) == text
